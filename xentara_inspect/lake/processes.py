"""The tasks of a lake spread over processes of this machine."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection, get_context, parent_process

from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.lake.decoding import Task, decode


def decode_by_processes(processes: int, archive: str, lake: str, tasks: Sequence[Task]) -> Iterator[int]:
    """Decode the tasks of an archive, so many at once. Yields the frames of each as it is done.

    After one that fails no more are begun. Raises ArchiveError, StoreError.
    """
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_prepare) as pool:
        running = [pool.submit(decode, archive, lake, task) for task in tasks]
        try:
            for done in as_completed(running):
                yield done.result()
        except BrokenProcessPool:
            raise ArchiveError(f"{archive}: a process that decoded a part of it died") from None
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _prepare() -> None:
    """End at Ctrl-C without a word, and with the process that asked, however that ends."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_watch_parent, daemon=True).start()


def _watch_parent() -> None:
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
