"""The tasks of a lake spread over processes of this machine."""

from __future__ import annotations

import contextlib
import os
import signal
import tempfile
import threading
from collections.abc import Generator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from multiprocessing.connection import Connection

from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.lake.decoding import Task, decode


def decode_by_processes(
    processes: int, archive: str, lake: str, tasks: Sequence[Task]
) -> Generator[int, None, None]:
    """Decode the tasks of an archive, so many at once. Yields the frames of each as it is done.

    After one that fails no more are begun. Raises ArchiveError, StoreError.
    """
    context = get_context("spawn")
    lifeline, ours = context.Pipe(duplex=False)
    with (
        # Of all processes, which may end without a moment to clean up
        tempfile.TemporaryDirectory(prefix="xentara-lake-") as folder,
        contextlib.closing(lifeline),
        contextlib.closing(ours),
        ProcessPoolExecutor(processes, context, initializer=_prepare, initargs=(lifeline,)) as pool,
    ):
        running = [pool.submit(decode, archive, lake, task, folder) for task in tasks]
        try:
            for done in as_completed(running):
                yield done.result()
        except BrokenProcessPool:
            raise ArchiveError(f"{archive}: a process that decoded a part of it died") from None
        except (KeyboardInterrupt, SystemExit, GeneratorExit):
            ours.close()
            raise
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepare(lifeline: Connection) -> None:
    """End at Ctrl-C without a word, and with the process that asked, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with, args=(lifeline,), daemon=True).start()


def _end_with(lifeline: Connection) -> None:
    with contextlib.suppress(EOFError, OSError):
        lifeline.recv_bytes()
    os._exit(1)
