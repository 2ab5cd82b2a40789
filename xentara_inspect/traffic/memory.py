"""What the checks of a session's habits remember: small states by kind and subject, bounded, kept by stores.

A state is a tuple of numbers and texts, so that a store can keep it as it is; its first entry is the
address of what last changed it, by which the oldest are known when there are too many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

State = tuple[Any, ...]
"""Numbers, texts and None; first an address."""

Remembered = Mapping[tuple[str, str], State | None]
"""States by kind and subject; None for one that is forgotten."""


class Memory:
    """The states of one session."""

    def __init__(self, kept: Iterable[tuple[str, str, State]] = ()) -> None:
        """kept: kind, subject and state of what an earlier process remembered."""
        self._states: dict[str, dict[str, State]] = {}
        self._changes: dict[tuple[str, str], State | None] = {}
        for kind, subject, state in sorted(kept, key=lambda entry: entry[2][0]):
            self.all(kind)[subject] = state

    def all(self, kind: str) -> dict[str, State]:
        """States by subject, oldest first; to be looked at only."""
        return self._states.setdefault(kind, {})

    def put(self, kind: str, subject: str, state: State, limit: int) -> str | None:
        """Remember a state. Returns the subject that had to be forgotten for it."""
        states = self.all(kind)
        before = states.get(subject)
        if before is not None and before[0] != state[0]:
            del states[subject]  # it becomes the latest; at its place it would stay where it is
        states[subject] = state
        self._changes[kind, subject] = state
        if len(states) <= limit:
            return None
        oldest = next(iter(states))
        self.drop(kind, oldest)
        return oldest

    def drop(self, kind: str, subject: str) -> None:
        """Forget a state, if there is one."""
        if self.all(kind).pop(subject, None) is not None:
            self._changes[kind, subject] = None

    def changes(self) -> Remembered:
        """What has changed since this was asked last."""
        changes = self._changes
        if changes:
            self._changes = {}
        return changes
