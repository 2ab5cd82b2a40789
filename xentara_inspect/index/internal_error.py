"""What stands for a frame that our decoder failed on."""

from __future__ import annotations

from xentara_inspect.frames import Frame
from xentara_inspect.traffic.findings import INTERNAL_ERROR
from xentara_inspect.traffic.packets import Kind, Packet, Problem
from xentara_inspect.traffic.records import Decoded, Finding, PacketRecord, Severity


def internal_error(frame: Frame, error: BaseException | None = None) -> Decoded:
    """One malformed packet and one finding. The frame itself stays in the journal as it is."""
    kind = type(error).__name__ if error is not None else "the process died"
    message = f"xentara-inspect could not decode this frame ({kind}); please report it"
    packet = Packet(0, Kind.MALFORMED, None, problem=Problem(INTERNAL_ERROR, message))
    notation = f"# internal error: {message}\n"
    record = PacketRecord(packet, None, None, notation, frame.from_client)
    return Decoded(packets=[record], findings=[Finding(INTERNAL_ERROR, Severity.ERROR, message, record)])
