"""`capture --web` and flow files in mitmweb, as a browser shows them."""

from __future__ import annotations

import asyncio
import signal
import socket
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from mitmproxy import options
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve

from tests.cli.test_capture import Capture, free_port
from tests.live import (
    ADDON,
    BIN,
    ROOT,
    Process,
    inspect,
    recorded_payloads,
    rows,
    run_async,
    simulated,
    wait_until,
)
from tests.load import numbered_event
from tests.web.browser import Browser, needs_chromium
from xentara_inspect.protocol import commands
from xentara_inspect.proxy import mitmweb
from xentara_inspect.proxy.content_view import Viewer
from xentara_inspect.proxy.memory import BYTES, MESSAGES
from xentara_inspect.simulator import Client
from xentara_inspect.simulator.wire import encode

FLOW = (
    "[...document.querySelectorAll('.flow-table tbody tr')].find(row => row.textContent.includes('/api/ws'))"
)
TAB = "[...document.querySelectorAll('a')].find(tab => tab.textContent == 'WebSocket')"
TEXT = "document.querySelector('.flow-detail').innerText"


def messages_shown(window: Browser, address: str) -> str:
    """What mitmweb at an address shows of the messages of its one connection."""
    window.visit(address)
    wait_until(lambda: window.tells(f"!!{FLOW}") is True, "the connection is listed")
    window.tells(f"{FLOW}.click()")
    wait_until(lambda: window.tells(f"!!{TAB}") is True, "it is opened")
    window.tells(f"{TAB}.click()")
    wait_until(lambda: "Outer Array" in str(window.tells(TEXT)), "its messages are there")
    return str(window.tells(TEXT))


def status_of(address: str) -> int:
    try:
        with urllib.request.urlopen(address) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        error.close()
        return error.code


class Web(Capture):
    """`capture --web` on free ports."""

    def __init__(self, upstream: str, database: Path, confdir: Path, *options: str) -> None:
        self.page = free_port()
        super().__init__(upstream, database, confdir, "--web", "--web-port", str(self.page), *options)

    @property
    def address(self) -> str:
        return self.wait_for_line(r"Look on in a browser at (\S+)")[1]


async def a_look_at_the_level(client: Client) -> None:
    """A greeting, a lookup, a read, and a subscription with its first event."""
    await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
    level = (await client.request(commands.LOOKUP, {0: "Plant.Tank 1.Level"})).result
    await client.request(commands.READ, {0: level, 1: [11]})
    await client.request(commands.SUBSCRIBE, {0: [{0: level, 1: [11]}]})
    await client.wait_for_events(1)


@pytest.mark.slow
@needs_chromium
def test_what_is_recorded_is_shown_in_a_browser_meanwhile(
    window: Browser, database: Path, confdir: Path
) -> None:
    async def main() -> tuple[str, str]:
        async with simulated() as simulator:
            with Web(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
                async with Client(await asyncio.to_thread(lambda: proxy.url)) as client:
                    await a_look_at_the_level(client)
                    shown = await asyncio.to_thread(messages_shown, window, proxy.address)
                    without, _, token = proxy.address.partition("?")
                    if token:  # from mitmproxy 11.1 on
                        assert await asyncio.to_thread(status_of, without) == 403
                await asyncio.to_thread(proxy.stop, signal.SIGTERM)
                assert proxy.child.returncode == 0, proxy.output
        return shown, proxy.output

    shown, output = run_async(main())
    assert "# Packet 1: Success Response to client_hello, after " in shown
    assert "# current_protocol_version" in shown
    assert "# Packet 1: Success Response to read, after " in shown
    assert "# Packet 1: Event of subscription " in shown
    assert "# element_uuid: Plant.Tank 1.Level" in shown
    assert (
        f"mitmweb keeps the newest 2,000 messages in memory, or 64 MiB of them; {database} has all" in output
    )
    assert output.count("\n") == 7
    assert {row["command"] for row in rows("log", "-d", database)} == {
        "client_hello",
        "lookup",
        "read",
        "subscribe",
    }


@pytest.mark.slow
@needs_chromium
def test_a_flow_file_is_shown_as_well(window: Browser, database: Path, confdir: Path) -> None:
    page = free_port()
    arguments = (
        BIN / "mitmweb", "-n", "-r", ROOT / "sample_captures" / "hello-and-browse.flow", "-s", ADDON,
        "--set", f"xentara_db={database}", "--set", f"confdir={confdir}",
        "--no-web-open-browser", "--web-port", str(page),
    )  # fmt: skip
    with Process(arguments) as mitmweb:
        address = mitmweb.wait_for_line(r"Web server listening at (\S+)")[1]
        shown = messages_shown(window, address)
        mitmweb.stop()
    assert "# Packet 1: Success Response to browse, after " in shown
    assert inspect("log", "-d", database).count("browse") > 1


def lines_of(**given: str) -> list[str]:
    """What is said of a page."""

    async def main() -> list[str]:
        opts = options.Options()
        mitmweb.make(opts, Viewer())
        opts.update_known(**given)
        return list(mitmweb.lines("plant.db"))

    return asyncio.run(main())


def test_the_page_is_on_loopback() -> None:
    look, _ = lines_of()
    assert look.startswith("Look on in a browser at http://127.0.0.1:8082/")
    assert "127.0.0.1:8082" in inspect("capture", "--help")
    readme = (ROOT / "README.md").read_text()
    assert "127.0.0.1:8082" in readme
    assert f"the newest {MESSAGES:,} messages in memory, or {BYTES >> 20} MiB" in readme


def test_where_it_is_open_to_others_without_a_password_that_is_said() -> None:
    *_, last = lines_of(web_host="0.0.0.0")
    is_guarded = "token" in lines_of()[0]  # from mitmproxy 11.1 on
    assert ("This mitmweb has no password" in last) is not is_guarded
    assert len(lines_of(web_host="::1")) == 2


def test_where_all_is_saved_at_the_end_all_is_kept() -> None:
    assert lines_of(hardump="-")[1] == (
        "mitmweb keeps all messages in memory, in order to save them at the end"
    )


@pytest.mark.slow
def test_a_port_that_is_taken_is_one_clear_line(database: Path, confdir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with Web("http://127.0.0.1:1", database, confdir, "--web-port", str(port)) as proxy:
            assert proxy.wait() == 1
    assert proxy.output == (
        f"Error: cannot show the traffic at 127.0.0.1:{port}: the address is in use;"
        " --web-port chooses another\n"
    )


def resident(pid: int) -> int:
    """Bytes of memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) << 10


@pytest.mark.stress
def test_a_long_connection_does_not_grow_in_memory(database: Path, confdir: Path) -> None:
    steps, padding = 5 * MESSAGES, bytes(4000)

    async def push(connection: ServerConnection) -> None:
        for number in range(steps):
            await connection.recv()
            await connection.send(numbered_event(1, number, padding))

    async def main() -> tuple[int, int]:
        async with serve(push, "127.0.0.1", 0, compression=None) as server:
            upstream = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            with Web(upstream, database, confdir, "--no-index") as proxy:
                url = await asyncio.to_thread(lambda: proxy.url)
                async with connect(url, compression=None, proxy=None) as client:
                    for number in range(steps):
                        await client.send(encode([[0, number, 8]]))
                        await client.recv()
                        if number == MESSAGES:
                            before = resident(proxy.child.pid)
                    after = resident(proxy.child.pid)
                await asyncio.to_thread(proxy.stop)
        return before, after

    before, after = run_async(main())
    assert after < before + (16 << 20)  # by itself mitmproxy would keep 36 MiB
    assert len(recorded_payloads(database)) == 2 * steps
