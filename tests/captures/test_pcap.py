"""Packet captures as tcpdump and Wireshark write them: whole, damaged, encrypted, and of something else."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, Final

import pytest
from wsproto.extensions import PerMessageDeflate
from wsproto.frame_protocol import CloseReason, FrameProtocol

from tests.captures.exported import bring_in, journal
from tests.captures.sniffing import STORED, sniff
from tests.live import children, ran
from tests.store_traffic import HELLO, event, frames, read
from xentara_inspect.captures.importing import import_capture
from xentara_inspect.captures.pcapng_blocks import beginning, packet
from xentara_inspect.captures.tcp import Stream
from xentara_inspect.store.importing import Importer

pytestmark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")

START: Final = 1_700_000_000_000_000_000
MILLISECOND: Final = 1_000_000
SAID: Final = [frame.payload for frame in frames(*HELLO, event(1), event(2))]
ASKED: Final = b"GET %b HTTP/1.1\r\nHost: plant\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n%b\r\n"
ANSWERED: Final = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Protocol: xentara-v1\r\nSec-WebSocket-Extensions: %b\r\n\r\n"
)


class Wire:
    """What passes on one connection, packet by packet."""

    def __init__(
        self,
        path: bytes = b"/api/ws",
        *,
        port: int = 50_000,
        at: int = 8080,
        extensions: bytes = b"permessage-deflate",
    ) -> None:
        self.stream = Stream((ip_address("10.0.0.7"), port), (ip_address("10.0.0.9"), at), port)
        self.ends = {by: FrameProtocol(client=by, extensions=[_deflate()]) for by in (True, False)}
        self.packets = [*self.stream.opening()]
        self.send(True, ASKED % (path, b""))
        self.send(False, ANSWERED % extensions)

    def send(self, from_client: bool, data: bytes) -> None:
        self.packets += self.stream.sent(from_client, data)

    def say(self, payload: bytes, from_client: bool = False, fin: bool = True) -> bytes:
        return bytes(self.ends[from_client].send_data(payload, fin=fin))

    def close(self) -> None:
        self.send(True, bytes(self.ends[True].close(CloseReason.NORMAL_CLOSURE, "bye")))
        self.packets += self.stream.closing(True)


def _deflate() -> PerMessageDeflate:
    extension = PerMessageDeflate()
    extension.finalize("permessage-deflate")
    return extension


def capture(path: Path, *packets: bytes) -> Path:
    """A file with packets a millisecond apart."""
    blocks = (packet(START + place * MILLISECOND, content) for place, content in enumerate(packets))
    path.write_bytes(beginning("test") + b"".join(blocks))
    return path


def payloads(database: Path) -> list[bytes]:
    return [payload for (payload,) in read(database, "SELECT payload FROM frames ORDER BY id")]


def said_on(wire: Wire, messages: Iterable[bytes]) -> Wire:
    """Messages of the server, each in a segment, and the end."""
    for message in messages:
        wire.send(False, wire.say(message))
    wire.close()
    return wire


def test_who_what_and_when_is_read_from_packets(tmp_path: Path, database: Path) -> None:
    bring_in(database, capture(tmp_path / "x.pcapng", *said_on(Wire(), SAID).packets))
    ((session, messages),) = journal(database)
    about = ("10.0.0.7:50000", "10.0.0.9:8080", "/api/ws", "xentara-v1")
    assert session[:9] == (None, *about, None, None, None, START + 4 * MILLISECOND)
    assert session[9:13] == (START + 9 * MILLISECOND, 1000, "bye", "client")
    assert messages == [(START + (5 + place) * MILLISECOND, 0, 0, said) for place, said in enumerate(SAID)]


@pytest.mark.parametrize("seen", ["its answer", "its data"])
def test_a_connection_is_read_though_its_first_packets_were_missed(
    seen: str, tmp_path: Path, database: Path
) -> None:
    packets = said_on(Wire(), SAID).packets[1 if seen == "its answer" else 3 :]
    imported = bring_in(database, capture(tmp_path / "x.pcapng", *packets))
    assert (payloads(database), imported.failures) == (SAID, [])
    assert read(database, "SELECT client FROM sessions") == [("10.0.0.7:50000",)]


def test_compression_that_cannot_be_is_said(tmp_path: Path, database: Path) -> None:
    wire = Wire(extensions=b"permessage-deflate; server_max_window_bits=99")
    imported = bring_in(database, capture(tmp_path / "x.pcapng", *said_on(wire, SAID).packets))
    assert (imported.added, len(imported.failures)) == (0, 1)


def test_messages_in_one_segment_over_several_and_in_compressed_fragments(
    tmp_path: Path, database: Path
) -> None:
    wire = Wire()
    wire.send(False, wire.say(b"one") + wire.say(b"two") + wire.say(b""))
    long = wire.say(bytes(range(256)) * 8)
    for start in range(0, len(long), 7):
        wire.send(False, long[start : start + 7])
    for part, fin in ((b"fra", False), (b"gmen", False), (b"ts", True)):
        wire.send(True, wire.say(part, True, fin))
    wire.close()
    bring_in(database, capture(tmp_path / "x.pcapng", *wire.packets))
    assert payloads(database) == [b"one", b"two", b"", bytes(range(256)) * 8, b"fragments"]


@pytest.mark.parametrize("port", [443, 636, 8883, 502, 44_818])
def test_a_connection_is_read_at_a_port_that_is_of_something_else(
    port: int, tmp_path: Path, database: Path
) -> None:
    bring_in(database, capture(tmp_path / "x.pcapng", *said_on(Wire(at=port), SAID).packets))
    assert payloads(database) == SAID


def test_segments_that_come_twice_or_in_another_order_are_told_once_in_order(
    tmp_path: Path, database: Path
) -> None:
    opening, (first, second, third, fourth), closing = _parted(said_on(Wire(), SAID))
    shuffled = capture(tmp_path / "x.pcapng", *opening, first, third, second, second, first, fourth, *closing)
    imported = bring_in(database, shuffled)
    assert (payloads(database), imported.failures) == (SAID, [])


def _parted(wire: Wire) -> tuple[list[bytes], list[bytes], list[bytes]]:
    """The packets before the messages, those of the messages, those behind."""
    return wire.packets[:5], wire.packets[5 : 5 + len(SAID)], wire.packets[5 + len(SAID) :]


def test_behind_a_gap_nothing_is_guessed_and_that_is_said(tmp_path: Path, database: Path) -> None:
    opening, (first, _, third, fourth), closing = _parted(said_on(Wire(), SAID))
    imported = bring_in(database, capture(tmp_path / "x.pcapng", *opening, first, third, fourth, *closing))
    assert payloads(database) == SAID[:1]
    assert imported.failures == [
        "x.pcapng: of 10.0.0.7:50000 with 10.0.0.9:8080 the messages behind the first 1 were left out:"
        " packets are missing"
    ]


def test_a_file_that_grows_gives_what_is_whole_and_then_the_rest(tmp_path: Path, database: Path) -> None:
    whole = capture(tmp_path / "whole.pcapng", *said_on(Wire(), SAID).packets)
    growing = tmp_path / "growing.pcapng"
    growing.write_bytes(whole.read_bytes()[: -4 * 120])
    (failure,) = bring_in(database, growing).failures
    assert failure.startswith(f"{growing}: not a whole packet capture (")
    assert 0 < len(payloads(database)) < len(SAID)
    growing.write_bytes(whole.read_bytes())
    imported = bring_in(database, growing)
    assert (payloads(database), imported.failures, imported.sessions) == (SAID, [], 1)
    assert imported.skipped > 0


def test_what_is_interrupted_keeps_what_was_over_and_the_next_run_doubles_nothing(
    tmp_path: Path, database: Path
) -> None:
    wires = [said_on(Wire(port=port), SAID) for port in (50_000, 50_001)]
    both = capture(tmp_path / "x.pcapng", *wires[0].packets, *wires[1].packets)

    def interrupt(done: int) -> None:
        if done > both.stat().st_size * 2 // 3:
            raise KeyboardInterrupt

    with Importer(database, keep_secrets=True) as importer, pytest.raises(KeyboardInterrupt):
        import_capture(both, importer, None, interrupt)
    assert payloads(database) == SAID
    assert not children(os.getpid(), "")
    imported = bring_in(database, both)
    assert (payloads(database), imported.skipped) == (SAID + SAID, len(SAID))


def test_a_login_that_was_asked_for_first_is_a_connection_of_its_own(tmp_path: Path, database: Path) -> None:
    stream = Stream((ip_address("10.0.0.7"), 50_000), (ip_address("10.0.0.9"), 8080), 1)
    refusal = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno"
    first = [*stream.opening(), *stream.sent(True, ASKED % (b"/api/ws", b"")), *stream.sent(False, refusal)]
    login = b"Authorization: Basic YW5uOm1hZGUtdXA=\r\n"  # ann:made-up
    second = [*stream.sent(True, ASKED % (b"/api/ws", login)), *stream.sent(False, ANSWERED % b"")]
    bring_in(database, capture(tmp_path / "x.pcapng", *first, *second, *stream.closing(True)))
    sessions = read(database, "SELECT user, refused, close_code FROM sessions ORDER BY id")
    assert sessions == [(None, "HTTP 401", None), ("ann", None, 1006)]


@pytest.mark.parametrize("with_keys", ["in a file beside", "in the capture"])
def test_tls_is_read_with_its_keys(with_keys: str, tmp_path: Path, database: Path) -> None:
    path, keys = STORED / "tls.pcapng", STORED / "tls.keys"
    if with_keys == "in the capture":
        path = tmp_path / "x.pcapng"
        subprocess.run(
            ["editcap", "--inject-secrets", f"tls,{keys}", STORED / "tls.pcapng", path], check=True
        )
    run = ran("import", path, *(() if path.parent == tmp_path else ("--keylog", keys)), "-d", database)
    assert run.stderr == f"{path}: 1 session, 12 frames added; 1 TCP connection left out\n"
    assert read(database, "SELECT count(*) FROM exchanges WHERE status = 'ok'") == [(6,)]


def test_without_keys_it_says_what_is_there_instead(database: Path) -> None:
    run = ran("import", STORED / "tls.pcapng", "-d", database)
    says = "nothing of Xentara in it; 1 TCP connection, 1 TLS connection without keys"
    assert (run.returncode, run.stderr) == (1, f"Error: {STORED / 'tls.pcapng'}: {says}\n")


def test_without_tshark_one_line_says_what_to_install(
    database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    run = ran("import", STORED / "tls.pcapng", "-d", database)
    assert run.returncode == 1
    assert run.stderr.endswith(
        "a packet capture is read by tshark, which is not installed: apt install tshark, or Wireshark from"
        " https://www.wireshark.org\n"
    )


@pytest.mark.stress
def test_the_older_format_is_read_too(tmp_path: Path, database: Path) -> None:
    capture(tmp_path / "x.pcapng", *said_on(Wire(), SAID).packets)
    subprocess.run(["editcap", "-F", "pcap", tmp_path / "x.pcapng", tmp_path / "x"], check=True)
    bring_in(database, tmp_path / "x")
    assert payloads(database) == SAID


@pytest.mark.stress
def test_packets_of_which_only_the_beginning_was_kept_are_not_guessed(tmp_path: Path, database: Path) -> None:
    capture(tmp_path / "x.pcapng", *said_on(Wire(b"/api/ws"), [b"x" * 4000, *SAID]).packets)
    subprocess.run(["editcap", "-s", "100", tmp_path / "x.pcapng", tmp_path / "x"], check=True)
    imported = bring_in(database, tmp_path / "x")
    assert imported.added == 0


COMMENTS: Final[tuple[Any, ...]] = (
    5, [], {}, "text", {"id": 1, "client": None, "server": None, "closed": None},
    {"id": None, "client": "x", "server": None, "closed": {"time": "noon"}},
    {"id": None, "client": "x", "server": None, "closed": {"time": 1e300}},
    {"id": None, "client": "x", "server": None, "closed": {"time": 1, "code": "x", "by": "nobody"}},
    {"id": None, "client": "x:99999999", "server": "[", "closed": {"time": 1}},
)  # fmt: skip


def test_comments_of_others_change_nothing(tmp_path: Path, database: Path) -> None:
    packets = []
    for place, comment in enumerate(COMMENTS):
        blocks = [
            packet(START, content, json.dumps(comment) if number == 3 else "")
            for number, content in enumerate(said_on(Wire(port=50_000 + place), SAID).packets)
        ]
        packets += blocks
    (tmp_path / "x.pcapng").write_bytes(beginning("test") + b"".join(packets))
    imported = bring_in(database, tmp_path / "x.pcapng")
    assert (imported.failures, payloads(database)) == ([], SAID * len(COMMENTS))


@pytest.mark.stress
def test_a_conversation_over_tls_that_is_captured_now(tmp_path: Path, database: Path) -> None:
    asyncio.run(sniff(tmp_path / "x.pcapng", tmp_path / "x.keys"))
    imported = bring_in(database, tmp_path / "x.pcapng", keys=tmp_path / "x.keys")
    assert (imported.added, imported.failures) == (12, [])
