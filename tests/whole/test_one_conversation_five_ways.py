"""One conversation of a page in a real browser, recorded in five ways at once: they all tell the same.

The browser speaks TLS with mitmdump, and that speaks plain WebSocket with the simulator. Recorded are what
the add-on sees, the flow file that mitmdump saves, what the developer tools of the browser export, and the
packets on both sides of the proxy.
"""

from __future__ import annotations

import asyncio
import json
from itertools import combinations
from pathlib import Path
from typing import Final

import pytest

from tests.captures.exported import KINDS, journal
from tests.captures.sniffing import can_sniff, sniffing
from tests.live import Mitmdump, inspect, ran, recorded_payloads, run_async, simulated, wait_until
from tests.simulated import LEVEL, SPEED
from tests.store_traffic import frames, read
from tests.web.browser import browser, needs_chromium
from tests.web.developer_tools import OPTION, developer_tools
from xentara_inspect.simulator import SERVICE

pytestmark = [
    needs_chromium,
    pytest.mark.skipif(not can_sniff(), reason="there is no dumpcap that may capture on loopback"),
]

CAPTURED: Final = {
    "flow": ["saved.flow"],
    "har": ["exported.har"],
    "plain": ["plain.pcapng"],
    "tls": ["tls.pcapng", "--keylog", "tls.keys"],
}
WAYS: Final = ("live", *CAPTURED)
EVENTS: Final = 5


def uuid(of: object) -> str:
    return f"37(h'{str(of).replace('-', '')}')"


ASKED: Final = (
    ">[[0, 1, 14, {0: 1, 1: 1}]]",
    ">[[0, 2, 1, {0: 37(h'00000000000000000000000000000000'), 1: 9}]]",
    '>[[0, 3, 3, {0: "Plant.Tank 1.Level"}], [0, 4, 3, {0: "Plant.Tank 9"}]]',
    f">[[0, 5, 4, {{0: {uuid(LEVEL)}, 1: [0, 9, 11]}}]]",
    f">[[0, 6, 5, {{0: {uuid(SPEED)}, 1: 11, 2: 1500.0}}]]",
    f">[[0, 7, 5, {{0: {uuid(LEVEL)}, 1: 11, 2: 1.0}}]]",
    f'>[[0, 8, 12, {{0: 123({{0: "{SERVICE.user}", 1: "{SERVICE.password}"}})}}]]',
    ">hex:81830009",
    ">text:hello, grüße",
    f">[[0, 10, 6, {{0: [{{0: {uuid(LEVEL)}, 1: [5, 11]}}], 1: 100, 2: 1000}}]]",
)
"""A hello, a browse, lookups, a read, a write, one that is refused, a login, nonsense, a subscription."""

PAGE: Final = """<!DOCTYPE html><title>at work</title><script>
const socket = new WebSocket("%s", "xentara-v1"), asked = %s, events = %d
const bytes = hex => Uint8Array.from(hex.match(/../g), pair => parseInt(pair, 16))
const ask = () => socket.send(asked[next].text || bytes(asked[next].bytes)) || next++
const leave = [0x81, 0x84, 0, 11, 7, 0xa1, 0, 0xd8, 0x25, 0x50]
const unsubscribe = () => socket.send(Uint8Array.of(...leave, ...subscription))
let next = 0, seen = 0, subscription
socket.binaryType = "arraybuffer"
socket.onopen = ask
socket.onmessage = ({data}) => {
  const message = new Uint8Array(data)
  if (message[2] == 8) ++seen == events && unsubscribe()
  else if (next < asked.length) ask()
  else if (!subscription) subscription = message.slice(-16)
  else socket.close(1000, "that is all")
}
socket.onclose = ({code, reason}) => document.title = `${code} ${reason}`
</script>"""
"""A client that asks one thing after the other, and leaves once it has seen so many events."""


def page(address: str) -> str:
    """What talks with an address."""
    said = frames(*ASKED)
    asked = [{"text": one.payload.decode()} if one.is_text else {"bytes": one.payload.hex()} for one in said]
    return PAGE % (address, json.dumps(asked), EVENTS)


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory, confdir: Path) -> dict[str, Path]:
    """What was recorded, each way in a database of its own."""
    folder = tmp_path_factory.mktemp("ways")

    def talk(upstream: int) -> None:
        options = (OPTION, "--ignore-certificate-errors", f"--ssl-key-log-file={folder / 'tls.keys'}")
        saving = ("-w", str(folder / "saved.flow"))
        with Mitmdump(f"http://127.0.0.1:{upstream}", folder / "live.db", confdir, *saving) as proxy:
            with (
                sniffing(upstream, folder / "plain.pcapng"),
                sniffing(proxy.port, folder / "tls.pcapng"),
                browser(folder, *options) as window,
                developer_tools(window) as tools,
            ):
                window.open(page(proxy.url.replace("ws:", "wss:")))
                wait_until(lambda: window.tells("document.title") == "1000 that is all", "all is said")
                tools.har(folder / "exported.har")
            proxy.stop()

    async def main() -> None:
        async with simulated() as simulator:
            await asyncio.to_thread(talk, simulator.port)

    run_async(main())
    for way, captured in CAPTURED.items():
        inspect(
            "import",
            *(folder / name if "." in name else name for name in captured),
            "-d",
            folder / f"{way}.db",
        )
    return {way: folder / f"{way}.db" for way in WAYS}


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), combinations(WAYS, 2))
def test_between_any_two_ways_nothing_differs(one: str, other: str, databases: dict[str, Path]) -> None:
    compared = ran("diff", databases[one], databases[other])
    assert (compared.returncode, compared.stdout, compared.stderr) == (0, "", "no difference\n")


@pytest.mark.parametrize("way", CAPTURED)
def test_each_way_has_each_message_as_it_was_seen_live(way: str, databases: dict[str, Path]) -> None:
    seen, live = (recorded_payloads(databases[name]) for name in (way, "live"))
    # A request and an event may pass each other between the browser and the server.
    for from_client in (True, False):
        assert [said for said in seen if said[0] is from_client] == [
            said for said in live if said[0] is from_client
        ]
    assert len(live) > 2 * len(ASKED) + EVENTS


def test_what_a_way_knows_of_the_connection_is_the_same(databases: dict[str, Path]) -> None:
    asked = "SELECT path, subprotocol, user_agent, origin, close_code, close_reason, closed_by FROM sessions"
    ((*about, code, reason, by),) = read(databases["live"], asked)
    assert (about[:2], code, reason, by) == (["/api/ws", "xentara-v1"], 1000, "that is all", "client")
    for way in CAPTURED:
        ended = (None, None, None) if way == "har" else (code, reason, by)  # which no HAR tells
        assert read(databases[way], asked) == [(*about, *ended)]


@pytest.mark.parametrize("kind", KINDS)
def test_out_and_in_again_it_is_the_same(kind: str, databases: dict[str, Path], tmp_path: Path) -> None:
    inspect("export", f"--{kind}", tmp_path / "x", "-d", databases["live"])
    inspect("import", tmp_path / "x", "-d", tmp_path / "again.db")
    assert journal(tmp_path / "again.db") == journal(databases["live"])
    assert ran("diff", databases["live"], tmp_path / "again.db").returncode == 0


def test_no_way_keeps_a_password(databases: dict[str, Path]) -> None:
    for database in databases.values():
        assert SERVICE.password.encode() not in database.read_bytes()
