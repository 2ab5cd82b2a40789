"""Keeps the archiving process running beside the proxy, which never waits for an archive."""

from __future__ import annotations

import contextlib
import json
import logging
import subprocess
import threading
import time
from typing import Final

from xentara_inspect.store.supervision import Supervision, Tell, start

UNDECODED: Final = "--undecoded"
"""Argument of the process: no indexer follows that files would wait for."""

_MODULE: Final = "xentara_inspect.archive.process"


class ArchiveKeeper:
    """Runs the archiving process of a recording, again whenever it dies, as long as this process is there.

    Then it ends by itself, behind the file that it is at; the next one goes on with what is not archived.
    """

    def __init__(self, path: str, where: str, site: str, *, undecoded: bool, on_news: Tell) -> None:
        """where, site: the archive, and what it calls this plant.

        on_news: told what the process says, and that it keeps dying; called on
        a thread of this object.
        """
        self._arguments = [path, where, site, *([UNDECODED] if undecoded else [])]
        self._on_news = on_news
        threading.Thread(target=self._run, name="xentara-archive", daemon=True).start()

    def _run(self) -> None:
        supervision = Supervision("archiving", "what is not archived is kept")
        while True:
            started = time.monotonic()
            code = self._run_once()
            pause = supervision.died(time.monotonic() - started)
            if complaint := supervision.complaint(code):
                self._on_news(logging.ERROR, complaint)
            time.sleep(pause)

    def _run_once(self) -> int | str:
        """Start the process and wait for its end. Returns its exit code, or why it cannot be started."""
        try:
            process = start(_MODULE, self._arguments, subprocess.PIPE, stdout=subprocess.PIPE)
        except OSError as error:
            return error.strerror or str(error)
        with process:  # its stdin, which is its lifeline, stays open until its stdout ends
            assert process.stdout is not None  # noqa: S101 - it is a pipe
            for line in process.stdout:
                with contextlib.suppress(ValueError, TypeError):  # it is not ours, but of a library
                    level, text = json.loads(line)
                    self._on_news(level, text)
        return process.returncode
