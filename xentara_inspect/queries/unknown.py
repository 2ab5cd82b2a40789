"""Questions that cannot be answered as they are put: what they name is not there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

_CLOSE: Final = 0.8
_FAR: Final = 0.6
"""How alike words must be, from 0 to 1; those that are far only count where none is close."""


class QuestionError(Exception):
    """A question about what is not there, or not clearly said. The message is one line for people."""


def not_known(what: str, given: str, known: Iterable[str], listed_by: str = "") -> QuestionError:
    """That a value is not known, with the nearest that are. listed_by: the command that lists them.

    what: such as `element`; given: as the caller wrote it.
    """
    near = nearest(given, known)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    if not hint and listed_by:
        hint = f"; `xentara-inspect {listed_by}` lists what is"
    return QuestionError(f"{what} {given} is not known{hint}")


def nearest(given: str, known: Iterable[str]) -> list[str]:
    """The known values that were perhaps meant, the best first; at most three."""
    from difflib import get_close_matches

    lowered = given.lower()
    by_lower: dict[str, str] = {}
    for value in known:
        by_lower.setdefault(value.lower(), value)
    if lowered in by_lower:
        return [by_lower[lowered]]
    close = get_close_matches(lowered, by_lower, n=3, cutoff=_CLOSE)
    close = close or get_close_matches(lowered, by_lower, n=3, cutoff=_FAR)
    if not close and len(lowered) > 2:
        close = sorted((value for value in by_lower if lowered in value), key=len)[:3]
    return [by_lower[value] for value in close]
