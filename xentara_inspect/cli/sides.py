"""What is meant by a side of a comparison: databases, captures, or a session of either."""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator, Sequence
from glob import has_magic
from pathlib import Path
from typing import Final, NamedTuple

from xentara_inspect.queries.databases import Databases, open_databases
from xentara_inspect.queries.files import meant_files
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.store.errors import StoreError

_SESSION: Final = re.compile(r"(?:(.+):)?([0-9]+)", re.DOTALL)


class Side(NamedTuple):
    """paths: of files, or patterns; empty for the databases of `-d`. session: its name, None for all."""

    paths: tuple[str, ...]
    session: str | None


def side(text: str) -> Side:
    """`FILE`, `FILE:3` or, of the databases of `-d`, `3` or `plant-2:3`. Raises QuestionError.

    What is the name of a file is that, whatever it looks like.
    """
    if os.path.lexists(text):
        return Side((text,), None)
    match = _SESSION.fullmatch(text)
    if match is None:
        if has_magic(text):
            return Side((text,), None)
        raise QuestionError(f"{text!r} is neither a file nor a session, such as 3")
    path, session = match[1], match[2]
    if path is not None and (os.path.lexists(path) or has_magic(path)):
        return Side((path,), session)
    return Side((), text)


@contextlib.contextmanager
def opened_side(wanted: Side, default: Sequence[str]) -> Iterator[Databases]:
    """The databases of a side; captures are read into one first.

    Raises StoreError, also where not all is indexed: whether that is the same nobody can say. OSError.
    """
    with contextlib.ExitStack() as stack:
        paths = meant_files(wanted.paths or default)
        captures = [path for path in paths if os.path.isfile(path) and _is_capture(path)]
        if captures and len(captures) == len(paths):
            patterns: Sequence[str] = [stack.enter_context(_imported(captures))]
        else:
            patterns = wanted.paths or default
        databases = stack.enter_context(open_databases(patterns))
        if databases.unindexed_frames():
            raise StoreError(
                f"{', '.join(patterns)}: not all is indexed yet; `xentara-inspect reindex` does it"
            )
        yield databases


def _is_capture(path: str) -> bool:
    from xentara_inspect.captures.kinds import is_capture

    return is_capture(Path(path))


@contextlib.contextmanager
def _imported(captures: Sequence[str]) -> Iterator[str]:
    """Captures as a database, with a progress bar on stderr while they are read."""
    from xentara_inspect.captures.temporary import as_database
    from xentara_inspect.cli.progress import progress_bar

    with contextlib.ExitStack() as stack:
        with progress_bar() as progress:
            task = progress.add_task(os.path.basename(captures[0]), total=os.path.getsize(captures[0]))
            path = stack.enter_context(
                as_database(captures, lambda done: progress.update(task, completed=done))
            )
        yield path
