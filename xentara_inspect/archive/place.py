"""A directory or an object store (`s3://bucket/path?endpoint_override=…`), by pyarrow's file systems."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pyarrow import ArrowInvalid, RecordBatch, fs

from xentara_inspect.archive.errors import ArchiveError

_UNFINISHED = ".unfinished"
_NOT_UTF_8 = "a path that is not UTF-8, of which an archive or a lake can have none"


class Sink(io.RawIOBase):
    """What is written to a file: where to, how much, and its SHA-256."""

    def __init__(self, stream: Any) -> None:
        super().__init__()
        self._stream = stream
        self._digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: Any) -> int:
        """Write bytes. Returns how many."""
        self._digest.update(data)
        self._stream.write(data)
        self.bytes += len(data)
        return len(data)

    def writable(self) -> bool:
        """As files say it."""
        return True

    @property
    def sha256(self) -> str:
        """In hex, of all that was written."""
        return self._digest.hexdigest()


class Place:
    """Where an archive is. Paths are relative to it, with slashes."""

    def __init__(self, where: str) -> None:
        """where: a directory, which may be yet to be made, or a URI. Raises ArchiveError."""
        self.where = where
        self.is_local = "://" not in where
        """Whether it is a directory of this machine."""
        try:
            if self.is_local:
                self._system: Any = fs.SubTreeFileSystem(os.path.abspath(where), fs.LocalFileSystem())
                return
            system, path = fs.FileSystem.from_uri(where)
        except UnicodeError as error:
            raise ArchiveError(f"{where}: {_NOT_UTF_8}") from error
        except (OSError, ArrowInvalid, ValueError) as error:
            raise ArchiveError(f"{where}: {_line(str(error))}") from error
        self._system = fs.SubTreeFileSystem(path, system)

    @contextlib.contextmanager
    def writing(self, path: str) -> Iterator[Sink]:
        """Write a file, which is there once it is whole. Raises ArchiveError."""
        with self._reported():
            if not self.is_local:  # an object is there once it is closed
                with self._system.open_output_stream(path, compression=None) as stream:
                    yield Sink(stream)
                return
            final = Path(self.path_of(path))
            final.parent.mkdir(parents=True, exist_ok=True)
            unfinished = final.with_name(final.name + _UNFINISHED)
            with unfinished.open("wb") as file:
                yield Sink(file)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(final)
            _keep_names(final.parent)

    def delete(self, path: str) -> None:
        """Delete a file, if it is there. Raises ArchiveError."""
        if self.is_there(path):
            with self._reported():
                self._system.delete_file(path)

    def path_of(self, path: str) -> str:
        """Where a file of a directory is."""
        return os.path.join(os.path.abspath(self.where), path)

    def dataset(self, under: str) -> Any:
        """The Parquet files below a path as one pyarrow dataset, with `site` and `date` of their paths."""
        from pyarrow import dataset

        with self._reported():
            return dataset.dataset(under, filesystem=self._system, format="parquet", partitioning="hive")

    def rows(self, paths: Sequence[str], columns: Sequence[str], condition: Any) -> Iterator[RecordBatch]:
        """Rows of Parquet files for which a condition (of pyarrow.compute; None for all) holds, in order.

        What the statistics of a file tell is not read. Raises ArchiveError.
        """
        from pyarrow import dataset

        with self._reported():
            found = dataset.dataset(list(paths), filesystem=self._system, format="parquet")
            yield from found.to_batches(columns=list(columns), filter=condition)

    def read(self, path: str) -> bytes:
        """All of a file. Raises ArchiveError."""
        with self._reported(), self._system.open_input_stream(path, compression=None) as stream:
            return bytes(stream.read())

    @contextlib.contextmanager
    def reading(self, path: str) -> Iterator[Any]:
        """A file to be read anywhere in it. Raises ArchiveError."""
        with self._reported(), self._system.open_input_file(path) as file:
            yield file

    def is_there(self, path: str) -> bool:
        """Whether there is such a file. Raises ArchiveError."""
        with self._reported():
            return bool(self._system.get_file_info(path).type == fs.FileType.File)

    def files(self, under: str) -> list[str]:
        """Paths of all whole files below a path, in order. Raises ArchiveError."""
        with self._reported():
            found = self._system.get_file_info(fs.FileSelector(under, recursive=True, allow_not_found=True))
            return sorted(
                info.path
                for info in found
                if info.type == fs.FileType.File and not info.path.endswith(_UNFINISHED)
            )

    @contextlib.contextmanager
    def _reported(self) -> Iterator[None]:
        """What storage says, in one line."""
        try:
            yield
        except OSError as error:
            raise ArchiveError(f"{self.where}: {_line(error.strerror or str(error))}") from error
        except ArrowInvalid as error:
            raise ArchiveError(f"{self.where}: {_line(str(error))}") from error
        except UnicodeError as error:
            raise ArchiveError(f"{self.where}: {_NOT_UTF_8}") from error


def _line(text: str) -> str:
    return " ".join(text.split())


def _keep_names(folder: Path) -> None:
    """Have the names of a directory outlive a loss of power, too."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
