"""Frames that cannot be decoded: not there as a whole, a bug of ours, or the death of the process."""

from __future__ import annotations

import subprocess
import sys

from xentara_inspect.frames import Frame, address
from xentara_inspect.index.watchdog import die_after, limit
from xentara_inspect.traffic.packets import Kind, Malformed
from xentara_inspect.traffic.records import Decoded, PacketRecord
from xentara_inspect.traffic.rules import CUT_FRAME, INTERNAL_ERROR, finding
from xentara_inspect.traffic.session import Session


def survives(frame: Frame) -> bool:
    """Whether a process that decodes the frame lives to tell."""
    command = [sys.executable, "-m", "xentara_inspect.index.poison", str(int(frame.from_client))]
    trial = subprocess.run(  # noqa: S603 - our own module, with this interpreter
        command, input=frame.payload, check=False, stderr=subprocess.DEVNULL
    )
    # An exception is not death: the indexer survives it, and says what it was.
    return trial.returncode >= 0


def internal_error(frame_id: int, error: BaseException | None = None) -> Decoded:
    """What stands for such a frame: one malformed packet and one finding.

    error: what our decoder raised, None where it died. The frame itself stays in the journal as it is.
    """
    kind = type(error).__name__ if error is not None else "the process died"
    message = f"xentara-inspect could not decode this frame ({kind}); please report it"
    return _undecoded(frame_id, INTERNAL_ERROR, message)


def cut_frame(frame_id: int, length: int, why: str) -> Decoded:
    """What stands for a frame of which only the beginning was recorded. length: bytes that it had."""
    return _undecoded(frame_id, CUT_FRAME, f"only the beginning of {length} bytes was recorded: {why}")


def _undecoded(frame_id: int, code: str, message: str) -> Decoded:
    place = address(frame_id)
    packet = PacketRecord(place, Kind.MALFORMED, Malformed(0, None, code, message))
    return Decoded(packets=[packet], findings=[finding((code, message), place)])


if __name__ == "__main__":
    frame = Frame(0, sys.argv[1] == "1", False, sys.stdin.buffer.read())
    die_after(limit(len(frame.payload)))
    for _ in Session().feed(frame):
        pass
