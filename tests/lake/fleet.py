"""The lake of a hundred recorders, a file a day of each, out of one file: nobody waits for that many."""

from __future__ import annotations

import os
import shutil
from datetime import date, timedelta
from pathlib import Path
from uuid import UUID

SITES, DAYS = 100, 30
OWN_SITE, OWN_DAY = 42, 16
"""Whose files are no links."""


def _path(where: Path, source: Path, table: str, site: int, day: date, number: int) -> Path:
    """Where the rows of a site and a day are, or the note that they are there. source: what they are of."""
    recorder = "recorder=plant/" if table == "_decoded" else ""
    folder = where / table / f"site=s{site}" / f"{recorder}date={day}"
    frames = source.name[len(f"{UUID(int=0)}.000000") :]
    return folder / f"{UUID(int=site)}.{number:06}{frames}"


def made_fleet(lake: Path, where: Path) -> date:
    """A lake in which a file of readings, with all that belongs to it, is there for each site and day.

    Returns the day of the rows: they are where they belong in the files of one site and day alone.
    """
    readings = max(lake.glob("readings/*/*/*.parquet"), key=lambda path: path.stat().st_size)
    its_day = date.fromisoformat(readings.parent.name.removeprefix("date="))
    for table in ("_decoded", *(path.name for path in lake.iterdir() if path.name != "_decoded")):
        of_it = [path for path in (lake / table).rglob(f"{readings.stem}.*") if path.is_file()]
        of_day = [path for path in of_it if path.parent == readings.parent] or of_it
        for source in of_day[:1]:
            shared = shutil.copyfile(source, where / f"all-{table}")
            sites = range(SITES) if table in ("readings", "exchanges") else (OWN_SITE,)
            for site in sites:
                for day in range(DAYS):
                    path = _path(where, source, table, site, its_day + timedelta(day - OWN_DAY), day + 1)
                    path.parent.mkdir(parents=True)
                    if (site, day) == (OWN_SITE, OWN_DAY) or table == "_decoded":
                        shutil.copyfile(source, path)
                    else:
                        os.link(shared, path)
    return its_day


def spoil_others(where: Path) -> None:
    """Spoil all files but those of one site and day: whoever opens one of them fails."""
    for shared in where.glob("all-*"):
        shared.write_bytes(b"no Parquet")
