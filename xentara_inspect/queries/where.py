"""WHERE clauses out of what the caller wants."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from xentara_inspect.store.columns import stored_integer


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

    def equal(self, column: str, value: Any) -> None:
        """The column has the value; nothing is asked where it is None. Integers of any size."""
        if value is not None:
            self.add(f"{column} = ?", stored_integer(value) if isinstance(value, int) else value)

    def one_of(self, column: str, values: Sequence[Any] | None) -> None:
        """The column has one of the values; nothing is asked where they are None."""
        if values is not None:
            marks = ", ".join("?" * len(values))
            self.add(
                f"{column} IN ({marks})",
                *(stored_integer(value) if isinstance(value, int) else value for value in values),
            )

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

    def any_of(self, alternatives: Sequence[tuple[str, Sequence[Any]]]) -> None:
        """One of several conditions holds, each with its parameters."""
        self.add(
            f"({' OR '.join(condition for condition, _ in alternatives)})",
            *(parameter for _, parameters in alternatives for parameter in parameters),
        )
