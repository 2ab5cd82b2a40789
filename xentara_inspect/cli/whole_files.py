"""Files and folders that are there whole, or as they were before; new ones are for their owner only."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from xentara_inspect.cli.failures import Failure


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[IO[bytes]]:
    """Write a file so that at any time there is the old or the new one. Raises OSError.

    What is no file, such as a pipe, is written into.
    """
    if path.exists() and not path.is_file():
        with path.open("wb") as there:
            yield there
        return
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as new:
            yield new
        beside.replace(path)
    except OSError as error:
        if error.filename in (None, str(beside)):
            raise OSError(error.errno, error.strerror, str(path)) from None
        raise
    finally:
        beside.unlink(missing_ok=True)


@contextlib.contextmanager
def made_whole(folder: Path) -> Iterator[Path]:
    """Make a folder whose files are all there at once, or none is. Raises Failure, OSError.

    It must not be there, or be empty.
    """
    if folder.exists() and not (folder.is_dir() and not any(folder.iterdir())):
        raise Failure(f"{folder}: is there already, and not empty")
    beside = folder.absolute().with_name(f".{folder.absolute().name}.{os.getpid()}")
    beside.mkdir(mode=0o700)
    try:
        yield beside
        beside.replace(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)
