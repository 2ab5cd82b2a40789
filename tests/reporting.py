"""A process that reports what it is told to: `python -m tests.reporting FIFO`, lines `LEVEL TEXT`."""

from __future__ import annotations

import os
import sys
import threading

from xentara_inspect.store.supervision import lifeline, report

DIE = "die"
"""As a text: the level is the exit code."""


def main(fifo: str) -> None:
    ended = lifeline()
    threading.Thread(target=lambda: ended.wait() and os._exit(0), daemon=True).start()
    with open(fifo) as lines:
        for line in lines:
            level, _, text = line.rstrip("\n").partition(" ")
            if text == DIE:
                sys.exit(int(level))
            report(int(level), text)


if __name__ == "__main__":
    main(sys.argv[1])
