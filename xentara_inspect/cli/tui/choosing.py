"""Which elements a filter means."""

from __future__ import annotations

import re
from collections.abc import Iterable

from xentara_inspect.queries.watching import Element


def chosen(elements: Iterable[Element], wanted: str) -> list[Element]:
    """The elements that are meant, upper and lower case alike.

    With `*` or `?`: those whose primary key or UUID looks so as a whole. Else the one of that name and
    what is under it; where there is none, those that have the text in their names.
    """
    wanted = wanted.strip().lower()
    if not wanted:
        return list(elements)
    by_name = [((element.name or element.uuid).lower(), element) for element in elements]
    if "*" in wanted or "?" in wanted:
        pattern = re.compile(re.escape(wanted).replace(r"\*", ".*").replace(r"\?", "."), re.DOTALL)
        return [
            element for name, element in by_name if pattern.fullmatch(name) or pattern.fullmatch(element.uuid)
        ]
    under = f"{wanted}."
    exact = [
        element
        for name, element in by_name
        if name == wanted or element.uuid == wanted or name.startswith(under)
    ]
    return exact or [
        element for name, element in by_name if wanted in name or element.uuid.startswith(wanted)
    ]
