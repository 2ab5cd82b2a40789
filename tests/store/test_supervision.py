"""A process beside the proxy: what it reports is told, and what is wrong with it can be asked."""

from __future__ import annotations

import logging
import os
from pathlib import Path

from tests.live import wait_until
from tests.reporting import DIE
from xentara_inspect.store.supervision import Companion, Supervision

SUPERVISION = ("archiving", "what is not archived is kept")


class Told:
    """Somebody beside whom a process runs that says what it is told to say."""

    def __init__(self, folder: Path) -> None:
        self.news: list[tuple[int, str]] = []
        fifo = folder / "fifo"
        os.mkfifo(fifo)
        self._fifo = os.open(fifo, os.O_RDWR)
        self.companion = Companion(
            "tests.reporting",
            lambda: [str(fifo)],
            Supervision(*SUPERVISION),
            lambda *news: self.news.append(news),
        )

    def tell(self, level: int, text: str) -> None:
        os.write(self._fifo, f"{level} {text}\n".encode())

    def report(self, level: int, text: str) -> str:
        """What is wrong, once this is reported."""
        self.tell(level, text)
        wait_until(lambda: (level, text) in self.news, text)
        return self.companion.trouble

    def close(self) -> None:
        assert self.companion.finish(20)
        os.close(self._fifo)


def test_what_a_process_reports_as_wrong_is_so_until_it_says_that_it_is_over(tmp_path: Path) -> None:
    told = Told(tmp_path)
    assert told.companion.trouble == ""
    assert told.report(logging.ERROR, "the archive is away") == "the archive is away"
    assert told.report(logging.INFO, "archived plant.db") == "the archive is away"
    assert told.report(logging.WARNING, "archiving goes on") == ""
    told.close()


def test_a_process_that_dies_once_is_no_trouble_and_one_that_keeps_dying_is(tmp_path: Path) -> None:
    told = Told(tmp_path)
    told.report(logging.ERROR, "the archive is away")
    for deaths in (1, 2):
        told.tell(7, DIE)
        wait_until(lambda: told.companion.restarts == deaths, f"{deaths} deaths")  # noqa: B023
        wait_until(lambda: told.companion.trouble == "", "it is taken note of")
    told.tell(7, DIE)
    wait_until(lambda: len(told.news) > 1, "the complaint")
    keeps_dying = (
        "archiving keeps dying (exit code 7) and is started again and again; what is not archived is kept"
    )
    assert told.news[1:] == [(logging.ERROR, keeps_dying)]
    assert told.companion.trouble == keeps_dying
    told.close()
