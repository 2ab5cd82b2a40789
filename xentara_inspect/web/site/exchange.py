"""What the page of an exchange shows: both sides, what was found, why it failed, and its neighbours."""

from __future__ import annotations

from typing import Any, Final

from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.show import show
from xentara_inspect.queries.values import Row
from xentara_inspect.queries.why import why
from xentara_inspect.store.addresses import address_text, parse_address
from xentara_inspect.web.site.paths import element_path, exchange_path

_WELL: Final = ("ok", None)


def exchange(databases: Databases, database: str, place: str) -> dict[str, Any] | None:
    """What stands at a place; None if nothing does. Raises StoreError, QuestionError for no such database.

    place: as `show` takes it. element: where its page is. before, behind: where the nearest exchanges are.
    """
    name = f"{database}:{place}"
    row = show(databases, name)
    if row is None:
        return None
    is_well = row["status"] in _WELL and not row["findings"]
    before, behind = _neighbours(databases, name)
    return {
        "database": database,
        "place": place,
        "row": row,
        "sides": [("Client", row["request"]), ("Server", row["response"])],
        "causes": [] if is_well else why(databases, name)["causes"],
        "element": _element_page(databases, database, row),
        "before": exchange_path(database, before) if before else None,
        "behind": exchange_path(database, behind) if behind else None,
        "link": lambda place: exchange_path(database, str(place).rpartition(":")[2]),
    }


def _element_page(databases: Databases, database: str, row: Row) -> str | None:
    if row["element"] is None:
        return None
    recording, _ = databases.located(f"{database}:1")
    is_known = any(
        file.row("SELECT 1 FROM elements WHERE name = ?", row["element"]) is not None
        for file in recording.files
    )
    return element_path(database, row["element"]) if is_known else None


def _neighbours(databases: Databases, name: str) -> tuple[str | None, str | None]:
    """The exchanges nearest before and behind a place, in its recording."""
    recording, text = databases.located(name)
    place = parse_address(text) or 0
    sides = []
    for pick, sql in (
        (max, "SELECT max(id) AS id FROM exchanges WHERE id < ?"),
        (min, "SELECT min(id) AS id FROM exchanges WHERE id > ?"),
    ):
        rows = [file.row(sql, place) for file in recording.files]
        found = [row["id"] for row in rows if row is not None and row["id"] is not None]
        sides.append(address_text(pick(found)) if found else None)
    before, behind = sides
    return before, behind
