"""`status`: whether a recording goes on as it should, as its files tell, without the proxy."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from xentara_inspect.queries.databases import Askable, Database, Recording, as_databases
from xentara_inspect.queries.files import meant_files
from xentara_inspect.queries.values import Row, iso_time
from xentara_inspect.store import sides
from xentara_inspect.store.chain import chain_files, first_path
from xentara_inspect.store.processes import SILENCE, is_stopped, is_there
from xentara_inspect.traffic.rules import INTERNAL_ERROR

STATUS_KEYS: Final = (
    "database", "healthy", "reasons", "recorders", "last_commit", "last_commit_age_s", "files", "size_bytes",
    "free_disk_bytes", "sessions", "open_sessions", "failed_connections", "frames", "last_frame", "behind",
    "dropped", "set_aside", "cut",
)  # fmt: skip

_FULL: Final = 1 << 20
"""Free bytes with which SQLite cannot go on for long."""

_COUNTS: Final = f"""
    SELECT (SELECT count(*) FROM sessions WHERE NOT continues) AS sessions,
           (SELECT count(*) FROM sessions WHERE refused IS NOT NULL) AS failed_connections,
           (SELECT coalesce(sum(frame_count), 0) FROM sessions) AS frames,
           (SELECT coalesce(sum(dropped), 0) FROM sessions) AS dropped,
           (SELECT coalesce(max(0, max(id) - max((SELECT frame_id FROM checkpoint), min(id) - 1)), 0)
            FROM frames) AS behind,
           (SELECT count(*) FROM findings WHERE code = '{INTERNAL_ERROR}') AS set_aside,
           (SELECT count(*) FROM cut_frames) AS cut"""  # noqa: S608 - a code of ours
"""What counts up over the files of a recording. Ids of frames have no gaps, and counting them takes long."""


class _Recorder(NamedTuple):
    """A row of `recorders`. heartbeat, stopped: nanoseconds since 1970."""

    pid: int
    host: str
    process: str | None
    heartbeat: int
    stopped: int | None
    troubles: str | None

    @property
    def is_at_work(self) -> bool:
        """Whether it has not ended, be it that it stands still."""
        return self.stopped is None and is_there(self.pid, self.host, self.process, self.heartbeat)


def whole_recordings(patterns: Sequence[str]) -> list[str]:
    """All files of the recordings that paths and patterns mean a part of. Raises StoreError."""
    found: dict[str, None] = {}
    for path in meant_files(patterns):
        files = list(chain_files(first_path(path)).values())
        if os.path.lexists(path) and os.path.realpath(path) not in map(os.path.realpath, files):
            files = []  # a database by itself
        found.update(dict.fromkeys(files or [path]))
    return list(found)


def status(asked: Askable, *, now: int) -> Iterator[Row]:
    """A row with `STATUS_KEYS` for each recording. now: nanoseconds since 1970. Raises StoreError.

    What the proxy finds wrong stands beside its heartbeat in the database; where that is old, nothing can
    be written.
    """
    for recording in as_databases(asked).recordings:
        newest = recording.files[-1]
        recorders = [
            _Recorder(*row)
            for row in newest.tuples(f"SELECT {', '.join(_Recorder._fields)} FROM recorders")  # noqa: S608
        ]
        at_work = [recorder for recorder in recorders if recorder.is_at_work]
        commit = max((recorder.heartbeat for recorder in recorders), default=None)
        free = _free_disk(newest.path)
        reasons = _reasons(at_work, now, free) if at_work else [_why_nobody(recorders, now)]
        yield {
            "database": recording.files[0].path,
            "healthy": not reasons,
            "reasons": reasons,
            "recorders": len(at_work),
            "last_commit": iso_time(commit),
            "last_commit_age_s": None if commit is None else round(_seconds(commit, now), 1),
            "files": len(recording.files),
            "size_bytes": sum(_size(file.path) for file in recording.files),
            "free_disk_bytes": free,
            **_counts(recording),
        }


def _reasons(at_work: Sequence[_Recorder], now: int, free: int | None) -> list[str]:
    """What is wrong with those that record."""
    reasons: dict[str, None] = {}
    for recorder in at_work:
        silence = _seconds(recorder.heartbeat, now)
        if silence >= SILENCE:
            reasons[f"nothing was written for {silence:.0f} seconds: {_why_silent(recorder, free)}"] = None
        else:
            reasons.update(dict.fromkeys((recorder.troubles or "").splitlines()))
    return list(reasons)


def _why_silent(recorder: _Recorder, free: int | None) -> str:
    if is_stopped(recorder.pid, recorder.host):
        return f"the process that writes ({recorder.pid}) is stopped"
    if free is not None and free < _FULL:
        return "the disk is full"
    return "the process that writes stands still, or the database is locked or cannot be written"


def _why_nobody(recorders: Sequence[_Recorder], now: int) -> str:
    if not recorders:
        return "nobody has recorded into it"
    last = max(recorders, key=lambda recorder: recorder.heartbeat)
    ended = "nobody records: the last recorder ended" if last.stopped else "the recorder was killed"
    seconds = f"{_seconds(last.heartbeat, now):.0f}"
    return f"{ended} {seconds} second{'' if seconds == '1' else 's'} ago"


def _counts(recording: Recording) -> Row:
    rows = [row for file in recording.files for row in file.rows(_COUNTS)]
    counts = {key: sum(row[key] for row in rows) for key in rows[0].keys()}  # noqa: SIM118 - not a dict
    last = max((_last_time(file) for file in recording.files), default=0)
    said = counts | {"open_sessions": _open_sessions(recording), "last_frame": iso_time(last or None)}
    return {key: said[key] for key in STATUS_KEYS if key in said}


def _open_sessions(recording: Recording) -> int:
    """How many go on. The newest file that has one tells: the one behind may be made just now."""
    is_open: dict[int, bool] = {}
    for file in recording.files:
        is_open |= dict(
            file.tuples("SELECT id, closed IS NULL FROM sessions WHERE closed IS NULL OR continues")
        )
    return sum(is_open.values())


def _last_time(file: Database) -> int:
    row = file.row("SELECT time FROM frames ORDER BY id DESC LIMIT 1")
    return row["time"] if row is not None else 0


def _seconds(time: int, now: int) -> float:
    return max(0.0, (now - time) / 1e9)


def _free_disk(path: str) -> int | None:
    try:
        return shutil.disk_usage(os.path.dirname(path)).free
    except OSError:
        return None


def _size(path: str) -> int:
    """Bytes of a database with what was not put into it yet."""
    return sum(os.path.getsize(file) for file in (path, f"{path}{sides.LOG}") if os.path.exists(file))
