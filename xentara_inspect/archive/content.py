"""What the files of a part hold, row by row, each of them checked: whoever signs can sign nonsense."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Collection, Iterator
from typing import Any, Final

import pyarrow as pa
from pyarrow import compute, parquet

from xentara_inspect.archive import tables
from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.layout import FRAMES, STATE
from xentara_inspect.archive.manifest import Manifest
from xentara_inspect.archive.place import Place
from xentara_inspect.store.cutting import MOST

_BATCH: Final = 1 << 14  # frames that are held
_PIECE: Final = 1 << 16  # bytes that are unpacked at once
_LONGEST: Final = MOST // 3 * 4 + (1 << 16)
"""Bytes of the longest line of state: with the largest request that waits for its answer, in base64."""

_WRONG: Final = (ValueError, TypeError, AttributeError, KeyError, OverflowError, RecursionError)
"""What Python says of values that are not what they should be."""


def state(place: Place, manifest: Manifest) -> Iterator[tuple[str, list[Any]]]:
    """Rows of all tables but frames, each with its table. Raises ArchiveError."""
    path = manifest.part.stem + STATE
    rows = manifest.state.rows
    with place.reading(path) as file, reported(path), pa.CompressedInputStream(file, "zstd") as stream:
        count = 0
        for count, line in enumerate(_lines(stream), 1):
            if count > rows:
                break
            yield tables.state_row(line)
        if count != rows:
            raise ValueError(f"other than {rows} rows")


def _lines(stream: Any) -> Iterator[bytes]:
    """Lines as they come: a few bytes can be packed gigabytes."""
    buffered = io.BufferedReader(stream, _PIECE)
    while line := buffered.readline(_PIECE):
        if not line.startswith(b'["'):  # before all of it is read
            raise ValueError("no line of a row")
        if not line.endswith(b"\n"):
            line += buffered.readline(_LONGEST)
        if not line.endswith(b"\n"):
            raise ValueError("a line without an end")
        yield line


def frames(place: Place, manifest: Manifest, sessions: Collection[int]) -> Iterator[pa.RecordBatch]:
    """Frames, some at a time, in order. sessions: that there are. Raises ArchiveError."""
    path, part = manifest.part.stem + FRAMES, manifest.part
    with place.reading(path) as file, reported(path), parquet.ParquetFile(file) as stored:
        if not stored.schema_arrow.equals(tables.FRAMES):
            raise ValueError("its columns are others")
        last = part.first - 1
        for batch in stored.iter_batches(_BATCH):
            if any(column.null_count for column in batch.columns):
                raise ValueError("a value of a frame is missing")
            last = _last(batch.column("id"), last)
            if not set(compute.unique(batch.column("session_id")).to_pylist()).issubset(sessions):
                raise ValueError("a frame of no session")
            yield batch
        if last != part.last:
            raise ValueError(f"ends with frame {last}, not {part.last}")


def _last(ids: pa.Array, before: int) -> int:
    """The last of some ids, which go up from the one before. Raises ValueError."""
    every = pa.concat_arrays([pa.array([before], pa.int64()), ids])
    if compute.any(compute.less_equal(every[1:], every[:-1])).as_py():
        raise ValueError(f"frames behind {before} are out of order")
    return int(every[-1].as_py())


def check(place: Place, manifest: Manifest) -> None:
    """Read all of a part. Raises ArchiveError where that cannot be done."""
    sessions = {row[0] for table, row in state(place, manifest) if table == "sessions"}
    for _ in frames(place, manifest, sessions):
        pass


@contextlib.contextmanager
def reported(path: str) -> Iterator[None]:
    """What can be wrong with content, as an ArchiveError in one line."""
    try:
        yield
    except (pa.ArrowException, *_WRONG) as error:
        raise ArchiveError(f"{path}: not what was written ({' '.join(str(error).split())})") from error
