"""Lists that go on: the newest rows of a question, then those that come while databases are recorded into.

What is new is told by the checkpoint: rows of the frames that were indexed since, and exchanges that came to
their end since, each once.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any, Final, NamedTuple

from xentara_inspect.frames import address
from xentara_inspect.protocol import commands
from xentara_inspect.queries.databases import Database, Databases, Recording
from xentara_inspect.queries.following import Followed
from xentara_inspect.queries.news import News, Range
from xentara_inspect.queries.values import Row
from xentara_inspect.store.database import file_identity
from xentara_inspect.store.errors import StoreError

Question = Callable[..., Iterator[Row]]

_FILES_INTERVAL: Final = 0.5
"""Seconds from one look for other files to the next, while nothing changes."""
_NEXT_FILE: Final = 1.0
"""Seconds behind a change in which it is looked for other files each time: the next of a recording is made
when the one before is sealed, and that is its last change."""
_NAMES_SHARE: Final = 10
"""So many times as long as reading the names takes, they are good for."""
_TEACH_NOTHING: Final = (commands.READ, commands.WRITE)


class _Mark(NamedTuple):
    """How far a file was read: the last frame and the last finding."""

    frame: int = 0
    finding: int = 0


class Tail:
    """The rows of a question, and then their news. Not for two threads at the same time."""

    def __init__(
        self,
        patterns: Sequence[str],
        question: Question,
        *,
        limit: int = 0,
        after: int = 0,
        portion: int | None = None,
        **filters: Any,
    ) -> None:
        """limit: how many of the newest rows come first, 0 for all.

        after: where `newest` is not asked for, the frame behind which news begin. portion: how many frames
        of a file at most `news` are of. Raises StoreError.
        """
        self._followed = Followed(patterns)
        self._question = question
        self._limit = limit
        self._first = _Mark(frame=after)
        self._portion = portion
        self._filters = filters
        self._marks: dict[object, _Mark] = {}
        self._versions: list[int] = []
        self._waiting: dict[object, _Waiting] = {}
        self._files_at = self._names_at = self._changed_at = time.monotonic()
        self._names_took = 0.0

    @property
    def databases(self) -> Databases:
        """Those that are open now."""
        return self._followed.databases

    @property
    def last_frame(self) -> int:
        """Up to which frame the news have been told."""
        return max((mark.frame for mark in self._marks.values()), default=self._first.frame)

    @property
    def has_more(self) -> bool:
        """Whether there are more news already than the last portion had."""
        return not self._versions

    def is_over(self) -> bool:
        """Whether all there is is indexed, and no request waits for its response. Raises StoreError."""
        pending = "SELECT 1 FROM exchanges WHERE status = 'pending' LIMIT 1"
        return not self.databases.unindexed_frames() and not any(
            file.row(pending) for file in self.databases.files
        )

    def close(self) -> None:
        """Close the databases."""
        self._followed.close()

    def newest(self) -> Iterator[Row]:
        """The newest rows that there are. Raises StoreError, QuestionError."""
        self._versions = self._data_versions()
        with self._followed.snapshot():
            self._marks = {_identity(file): _mark(file) for file in self.databases.files}
            recordings = self.databases.recordings
            self._waiting = {_name(recording): _waiting(recording.files) for recording in recordings}
            yield from self._question(self.databases, limit=self._limit, **self._filters)

    def news(self) -> list[Row]:
        """What has come since it was asked last; costs next to nothing where that is nothing.

        Raises StoreError, QuestionError.
        """
        versions = self._data_versions()
        changed = versions != self._versions
        now = time.monotonic()
        if changed:
            self._changed_at = now
        if now >= self._changed_at + _NEXT_FILE and now < self._files_at + _FILES_INTERVAL:
            return []
        self._files_at = now
        if self._followed.follow():
            versions = self._data_versions()
        elif not changed:
            return []
        self._versions = versions
        try:
            return self._new_rows()
        except StoreError:
            # A file that nobody wrote to may be written to just while it is read.
            if not self._followed.follow():
                raise
            self._versions = []
            return []

    def _new_rows(self) -> list[Row]:
        with self._followed.snapshot():
            marks, waiting, is_all = self._mark_news()
            news = [file.news for file in self.databases.files if file.news is not None]
            rows: list[Row] = []
            if any(new.is_any for new in news):
                self._learn_names()
                rows += self._question(self.databases, limit=0, **self._filters)
        self._marks |= marks
        self._waiting |= waiting
        if not is_all:
            self._versions = []
        return rows

    def _data_versions(self) -> list[int]:
        """What changes when somebody else commits, by file."""
        return [_first(file, "PRAGMA data_version") for file in self.databases.files]

    def _mark_news(self) -> tuple[dict[object, _Mark], dict[object, _Waiting], bool]:
        """Tell the files what of them is new. Returns how far that is, what waits then, whether it is all."""
        marks: dict[object, _Mark] = {}
        waiting: dict[object, _Waiting] = {}
        is_all = True
        for recording in self.databases.recordings:
            name = _name(recording)
            waiting[name] = _waiting(recording.files)
            ended: Collection[int] = waiting[name].ended_since(self._waiting.get(name, _Waiting()))
            for file in recording.files:
                before, there = self._marks.get(_identity(file), self._first), _mark(file)
                last = self._end_of_portion(file, before.frame, there.frame)
                waited = ended
                if last != there.frame:  # what is behind the portion comes with its own
                    is_all, waited = False, {row_id for row_id in ended if row_id < address(last + 1)}
                now = _Mark(max(before.frame, last), max(before.finding, there.finding))
                frames, findings = Range(before.frame, now.frame), Range(before.finding, now.finding)
                news = News(frames, findings)
                file.news = news._replace(exchanges=_ended(file, news, waited))
                marks[_identity(file)] = now
        return marks, waiting, is_all

    def _end_of_portion(self, file: Database, after: int, last: int) -> int:
        """The last frame of the next portion, where all up to the last are indexed."""
        if self._portion is None:
            return last
        sql = "SELECT id FROM frames WHERE id > ? AND id < ? ORDER BY id LIMIT 1 OFFSET ?"
        row = file.row(sql, after, last, self._portion - 1)
        return row["id"] if row is not None else last

    def _learn_names(self) -> None:
        """Read the names anew where an answer taught some, and now and then for all else."""
        started = time.monotonic()
        if started - self._names_at > _NAMES_SHARE * self._names_took or self._were_taught():
            self.databases.forget_names()
            _ = self.databases.names
            self._names_at = time.monotonic()
            self._names_took = self._names_at - started

    def _were_taught(self) -> bool:
        sql = "SELECT 1 FROM packets WHERE {} AND kind = 'success' AND opcode NOT IN {} LIMIT 1"
        return any(
            file.row(sql.format(file.news.of_packets("id"), _TEACH_NOTHING)) is not None
            for file in self.databases.files
            if file.news is not None
        )


def _name(recording: Recording) -> object:
    """What a recording is called while its files come and go."""
    file = recording.files[-1]
    row = file.row("SELECT recording FROM chain")
    return (row["recording"] if row is not None else None) or _identity(file)


def _identity(file: Database) -> object:
    return file_identity(file.path) or file.path


def _mark(file: Database) -> _Mark:
    row = file.row("SELECT frame_id, findings FROM checkpoint")
    return _Mark(row["frame_id"], row["findings"]) if row is not None else _Mark()


class _Waiting(NamedTuple):
    """Ids of exchanges of a recording: those that wait, and those that ended in a later file than theirs."""

    pending: frozenset[int] = frozenset()
    carried: frozenset[int] = frozenset()

    def ended_since(self, before: _Waiting) -> frozenset[int]:
        """Those that waited before, or began since, and are over."""
        return (before.pending - self.pending) | (self.carried - before.carried)


def _waiting(files: Sequence[Database]) -> _Waiting:
    pending: set[int] = set()
    carried: set[int] = set()
    for file in files:
        pending |= {row_id for (row_id,) in file.tuples("SELECT id FROM exchanges WHERE status = 'pending'")}
    for file in files[1:]:
        ended = file.tuples(
            "SELECT e.id FROM carried_requests c JOIN exchanges e ON e.id = c.id WHERE e.status <> 'pending'"
        )
        carried |= {row_id for (row_id,) in ended}
    return _Waiting(frozenset(pending - carried), frozenset(carried))


def _ended(file: Database, news: News, waited: Collection[int]) -> list[int]:
    """Ids of the exchanges of a file that are new and over, and of those that were waited for."""
    sql = f"SELECT id FROM exchanges WHERE {news.of_packets('id')} AND status <> 'pending'"  # noqa: S608
    return sorted({*waited, *(row_id for (row_id,) in file.tuples(sql))})


def _first(file: Database, sql: str) -> int:
    (value,) = next(file.tuples(sql))
    return int(value)
