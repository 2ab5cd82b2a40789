"""A conversation, what somebody else said instead, and what `diff` tells of the two."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.store_traffic import LEVEL, VALVE
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.diff import DIFF_KEYS, diff

SUBSCRIPTION = "37(h'5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b5b')"
SUB_SESSION = "37(h'71717171717171717171717171717171')"
SAID = (
    ">[[0, 1, 14, {0: 1, 1: 1}]]",
    "<[[1, 1, {0: 1}]]",
    '>[[0, 2, 3, {0: "Plant.Level"}], [0, 3, 3, {0: "Plant.Valve"}]]',
    f"<[[1, 2, {LEVEL}], [1, 3, {VALVE}]]",
    '>[[0, 4, 12, {0: 123({0: "ann", 1: "secret"})}]]',
    f"<[[1, 4, {SUB_SESSION}]]",
    f">[[0, 5, 4, {{0: {LEVEL}, 1: [11, 9, 6]}}]]",
    "<[[1, 5, {11: 121(21.5), 9: 121(0), 6: 121(1(1700000000))}]]",
    f">[[0, 6, 5, {{0: {VALVE}, 1: 11, 2: 7, 3: {SUB_SESSION}}}]]",
    "<[[1, 6]]",
    f">[[0, 7, 6, {{0: [{{0: {LEVEL}, 1: [11, 9]}}]}}]]",
    f"<[[1, 7, {SUBSCRIPTION}]]",
    f"<[[8, 0, {{0: 1(1700000001), 1: {LEVEL}, 2: {{11: 121(1), 9: 121(0)}}}}]]",
    f"<[[8, 0, {{0: 1(1700000002), 1: {LEVEL}, 2: {{11: 121(2), 9: 121(0)}}}}]]",
    ">[[0, 8, 1, {0: 37(h'00000000000000000000000000000000')}]]",
    f'<[[1, 8, [{{0: "Plant.Level", 1: {LEVEL}, 2: 6}}, {{0: "Plant.Valve", 1: {VALVE}, 2: 6}}]]]',
    f">[[0, 9, 7, {{0: {SUBSCRIPTION}}}]]",
    "<[[1, 9]]",
)  # fmt: skip
"""A hello, lookups, a sub-session, a read, a write, a subscription with two events, a browse."""


def changed(old: str, new: str) -> tuple[str, ...]:
    """The conversation with something else in it, once."""
    assert sum(line.count(old) for line in SAID) == 1, old
    return tuple(line.replace(old, new) for line in SAID)


def without(*starts: str) -> tuple[str, ...]:
    """The conversation without the lines that begin so."""
    left = tuple(line for line in SAID if not line.startswith(starts))
    assert len(SAID) - len(left) == len(starts)
    return left


def swapped(first: str, second: str) -> tuple[str, ...]:
    """The conversation with two pairs of lines in the other order: request and answer of each."""
    one, other = (
        next(at for at, line in enumerate(SAID) if line.startswith(start)) for start in (first, second)
    )
    said = list(SAID)
    said[one : one + 2], said[other : other + 2] = SAID[other : other + 2], SAID[one : one + 2]
    return tuple(said)


def compared(a: Path, b: Path, **options: Any) -> list[tuple[Any, ...]]:
    with open_databases([str(a)]) as one, open_databases([str(b)]) as other:
        rows = list(diff(one, other, **options))
    assert all(tuple(row) == DIFF_KEYS for row in rows)
    return [tuple(row.values()) for row in rows]
