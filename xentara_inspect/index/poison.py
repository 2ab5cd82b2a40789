"""Decoding a frame that may have killed an indexer in a process that may be killed."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from xentara_inspect.frames import Frame
from xentara_inspect.traffic.session import Session

_PATIENCE: Final = 120  # seconds: the largest messages take a few


def survives(frame: Frame) -> bool:
    """Whether a process that decodes the frame lives to tell."""
    command = [sys.executable, "-m", "xentara_inspect.index.poison", str(int(frame.from_client))]
    try:
        trial = subprocess.run(  # noqa: S603 - our own module, with this interpreter
            command, input=frame.payload, timeout=_PATIENCE, check=False, stderr=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired:
        return False
    # An exception is not death: the indexer survives it, and says what it was.
    return trial.returncode >= 0


if __name__ == "__main__":
    Session().feed(Frame(0, sys.argv[1] == "1", False, sys.stdin.buffer.read()))
