"""What passed on TCP connections, as tshark takes it out of a packet capture, decrypted where there are keys.

tshark reassembles and decrypts; what it makes of WebSocket is left aside, since it does not inflate messages
in fragments, nor limit what it inflates. It runs with a configuration of its own: what a user prefers, and
dissectors that would take some port for theirs, change nothing.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Final, NamedTuple

from xentara_inspect.captures.flows import CaptureError

_PROGRAM: Final = "tshark"
_NEEDED: Final = frozenset(
    {"frame", "pkt_comment", "eth", "ethertype", "vlan", "ieee8021ad", "sll", "null", "raw", "loop", "ip"}
    | {"ipv6", "tcp", "tls", "data"}
)
"""Protocols that tshark takes apart. Those beside them of IPv6 and X.509 begin like it."""
_BESIDE: Final = ("ipv6.", "x509", "pkix", "pkcs")
_WANTED: Final = "tcp.len > 0 || tcp.flags & 7 || tcp.analysis.lost_segment"
_OPTIONS: Final = (
    *("tcp.reassemble_out_of_order:TRUE", "tcp.try_heuristic_first:TRUE"),
    # Half of what it remembers of each packet.
    *("tcp.track_bytes_in_flight:FALSE", "tcp.calculate_timestamps:FALSE"),
)
_MEMORY: Final = 4 << 30
"""Bytes that tshark may take: it keeps about 200 of each packet, and what it decrypted."""
_FIELDS: Final = (
    "frame.time_epoch", "frame.cap_len", "frame.len", "frame.comment", "tcp.stream", "ip.src", "ipv6.src",
    "tcp.srcport", "ip.dst", "ipv6.dst", "tcp.dstport", "tcp.flags", "tcp.seq", "tcp.len",
    "tcp.analysis.lost_segment", "data.data",
)  # fmt: skip
_AROUND: Final = 32  # bytes of a file around a packet
_FIN, _SYN, _RST, _ACK = 0x01, 0x02, 0x04, 0x10


class Segment(NamedTuple):
    """A part of a TCP connection, named by a number. time: seconds since 1970. source, target: its ends.

    data: what it makes known of what is carried: in its order, decrypted, maybe of segments before, nothing
    behind a gap. span: where it begins and ends in its direction, by TCP's numbers. lost: whether something
    before it is missing. cut: whether its end is not in the file. read: bytes of the file so far, about.
    """

    stream: int
    time: float
    source: tuple[str, int]
    target: tuple[str, int]
    data: bytes
    span: tuple[int, int]
    comment: str
    read: int
    opens: bool
    ends: bool
    breaks: bool
    lost: bool
    cut: bool


def segments(path: Path, keys: Path | None) -> Iterator[Segment]:
    """The segments of a file in its order. keys: a file of TLS secrets (SSLKEYLOGFILE).

    Raises CaptureError: where there is no tshark, and behind the last one where the file is not whole.
    """
    program = shutil.which(_PROGRAM)
    if program is None:
        raise CaptureError(
            f"{path}: a packet capture is read by tshark, which is not installed: apt install tshark,"
            " or Wireshark from https://www.wireshark.org"
        )
    with tempfile.TemporaryDirectory(prefix="xentara-inspect-") as folder:
        environment = {**os.environ, "WIRESHARK_CONFIG_DIR": folder, "LC_ALL": "C.UTF-8"}
        for name, content in _configuration(program).items():
            Path(folder, name).write_text(content)
        yield from _segments(_command(program, path, keys), environment, path)


@cache
def _configuration(program: str) -> dict[str, str]:
    """Files by their names: what is not needed is not taken apart, and no port means TLS.

    That is told by how it looks; at a port such as 443, where tshark would take all for TLS, it may be plain.
    """
    names = [fields[-1] for fields in _listed(program, "protocols")]
    others = (name for name in names if name not in _NEEDED and not name.startswith(_BESIDE))
    ports = [
        fields[1] for fields in _listed(program, "decodes") if fields[0] == "tcp.port" and fields[2] == "tls"
    ]
    return {
        "disabled_protos": "\n".join(others),
        "decode_as_entries": "\n".join(f"decode_as_entry: tcp.port,{port},TLS,(none)" for port in ports),
    }


def _listed(program: str, what: str) -> list[list[str]]:
    """What tshark says of itself, line by line."""
    command = [program, "-G", what]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - from the path
    return [line.split("\t") for line in listed.stdout.splitlines()]


def _command(program: str, path: Path, keys: Path | None) -> list[str]:
    options = [*_OPTIONS, *([f"tls.keylog_file:{keys.resolve()}"] if keys is not None else [])]
    command = [program, "-n", "-r", str(path.resolve()), "-Y", _WANTED, "-T", "fields"]
    command += [word for option in options for word in ("-o", option)]
    return command + [word for name in _FIELDS for word in ("-e", name)]


def _segments(command: list[str], environment: dict[str, str], path: Path) -> Iterator[Segment]:
    with tempfile.TemporaryFile() as errors:
        child = subprocess.Popen(  # noqa: S603 - from the path
            command, env=environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors
        )
        resource.prlimit(child.pid, resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        read = 0
        try:
            with child:
                for line in child.stdout or ():
                    segment = _segment(line.decode(errors="replace").rstrip("\n").split("\t"), read)
                    if segment is not None:
                        read = segment.read
                        yield segment
        finally:
            child.kill()
            child.wait()
        if child.returncode:
            errors.seek(0)
            said = errors.read().decode(errors="replace").strip().splitlines() or [f"{child.returncode}"]
            raise CaptureError(f"{path}: not a whole packet capture ({said[-1].removeprefix('tshark: ')})")


def _segment(fields: list[str], read: int) -> Segment | None:
    """The segment of a line; None where it is of something else in a packet."""
    try:
        time, captured, length, comment, stream, *ends, flags, start, size, lost, data = fields
        sources, targets = ends[:3], ends[3:]
        bits = int(_last(flags), 16)
        begins = int(_last(start)) + bool(bits & _SYN)  # which has a number of its own
        return Segment(
            int(_last(stream)),
            float(time),
            _endpoint(*sources),
            _endpoint(*targets),
            bytes.fromhex(data.replace(",", "")),
            (begins, begins + int(_last(size))),
            comment,
            read + int(captured) + _AROUND,
            opens=bool(bits & _SYN and not bits & _ACK),
            ends=bool(bits & _FIN),
            breaks=bool(bits & _RST),
            lost=bool(lost),
            cut=int(captured) < int(length),
        )
    except ValueError:
        return None


def _endpoint(old: str, new: str, port: str) -> tuple[str, int]:
    return _last(new) or _last(old), int(_last(port))


def _last(values: str) -> str:
    """Of a packet in a packet the inner one counts."""
    return values.rpartition(",")[2]
