"""WHERE clauses out of what the caller wants."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypeVar

from xentara_inspect.store.columns import stored_integer

T = TypeVar("T", bound=int | str)
Several: TypeAlias = T | Sequence[T] | None
"""What a filter takes: one value, several of which one is enough, or None; an empty sequence is None."""

Condition = tuple[str, Sequence[Any]]
"""A condition in SQL with its parameters."""


def several(value: Several[T]) -> list[T]:
    """The values of a filter; none where nothing is asked."""
    if value is None:
        return []
    return [value] if isinstance(value, (int, str)) else list(value)


def contains(column: str, text: str) -> Condition:
    """A condition: the column has the text somewhere, whatever the case of its ASCII letters is."""
    if "\0" in text:  # where SQLite takes a pattern to end; no column has it
        return "0", []
    literal = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"{column} LIKE ? ESCAPE '\\'", [f"%{literal}%"]


def among(column: str, ids: Iterable[int]) -> Condition:
    """A condition: the column has one of the ids, as many as there may be; it never holds for none."""
    return f"{column} IN ({', '.join(map(str, ids))})", []


class Where:
    """Conditions that all must hold, and their parameters."""

    def __init__(self) -> None:
        self._conditions: list[str] = []
        self.parameters: list[Any] = []

    @property
    def sql(self) -> str:
        """The clause with its keyword; empty if there is no condition."""
        return f" WHERE {' AND '.join(self._conditions)}" if self._conditions else ""

    def add(self, condition: str, *parameters: Any) -> None:
        """A condition in SQL with its parameters."""
        self._conditions.append(condition)
        self.parameters += parameters

    def also(self, condition: str, *parameters: Any) -> Where:
        """The same with one more condition, behind its own."""
        more = Where()
        more._conditions = [*self._conditions, condition]
        more.parameters = [*self.parameters, *parameters]
        return more

    def equal(self, column: str, value: Several[Any]) -> None:
        """The column has the value, or one of several; nothing is asked where there is none.

        Integers may have any size.
        """
        values = [stored_integer(one) if isinstance(one, int) else one for one in several(value)]
        if len(values) == 1:
            self.add(f"{column} = ?", *values)
        elif values:
            self.add(f"{column} IN ({', '.join('?' * len(values))})", *values)

    def none_of(self, column: str, ids: Sequence[int] | None) -> None:
        """The column has none of the ids; nothing is asked where there are none. As many as there may be."""
        if ids:
            self.add(f"{column} NOT IN ({', '.join(map(str, ids))})")

    def between(self, column: str, since: int | None, until: int | None) -> None:
        """The column is at or after `since` and before `until`, as far as they are given."""
        if since is not None:
            self.add(f"{column} >= ?", since)
        if until is not None:
            self.add(f"{column} < ?", until)

    def any_of(self, alternatives: Sequence[Condition]) -> None:
        """One of several conditions holds; nothing is asked where there are none."""
        if alternatives:
            condition, parameters = any_of(alternatives)
            self.add(condition, *parameters)


def any_of(alternatives: Sequence[Condition]) -> Condition:
    """That one of several conditions holds; of none, none does."""
    if not alternatives:
        return "0", []
    return (
        f"({' OR '.join(condition for condition, _ in alternatives)})",
        [parameter for _, parameters in alternatives for parameter in parameters],
    )
