"""Frames that our decoder fails on, or that are the end of the process that decodes them."""

from __future__ import annotations

import subprocess
import sys
from typing import Final

from xentara_inspect.frames import Frame, address
from xentara_inspect.traffic.findings import INTERNAL_ERROR
from xentara_inspect.traffic.packets import Kind, Malformed
from xentara_inspect.traffic.records import Decoded, Finding, PacketRecord, Severity
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


def internal_error(frame_id: int, error: BaseException | None = None) -> Decoded:
    """What stands for such a frame: one malformed packet and one finding.

    error: what our decoder raised, None where it died. The frame itself stays in the journal as it is.
    """
    kind = type(error).__name__ if error is not None else "the process died"
    message = f"xentara-inspect could not decode this frame ({kind}); please report it"
    place = address(frame_id)
    packet = PacketRecord(place, Kind.MALFORMED, Malformed(0, None, INTERNAL_ERROR, message))
    return Decoded(packets=[packet], findings=[Finding(INTERNAL_ERROR, Severity.ERROR, message, place)])


if __name__ == "__main__":
    Session().feed(Frame(0, sys.argv[1] == "1", False, sys.stdin.buffer.read()))
