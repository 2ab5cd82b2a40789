"""No secret in any file or output, however clients send it: all bytes written are searched."""

from __future__ import annotations

import asyncio
import base64
import random
import re
import socket
import string
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import cbor2
import pytest
from click.testing import CliRunner
from websockets.asyncio.client import connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from tests.live import Mitmdump, Process, rows, run_async, simulated
from tests.store_traffic import read
from tests.transcript import edn
from xentara_inspect.cli import cli
from xentara_inspect.simulator import Account, Accounts, Client, Rights, Simulator

SESSION = "37(h'E3EE10714D884BA18E5D0F1E4CE25EE8')"

# «S» is the secret, «S1» and «S2» its halves.
ENCODINGS = {
    "token": '[[0, 65, 12, {0: 121({0: "«S»"})}]]',
    "password": f'[[0, 65, 12, {{0: 123({{0: "operator", 1: "«S»"}}), 1: {SESSION}}}]]',
    "certificate that is text": '[[0, 65, 12, {0: 122({0: "«S»"})}]]',
    "bare token": '[0, 65, 12, {0: 121({0: "«S»"})}]',
    "bare password": '[0, 65, 12, {0: 123({0: "operator", 1: "«S»"})}]',
    "batched": '[[0, 1, 8], [0, 65, 12, {0: 121({0: "«S»"})}], [0, 66, 3, {0: "Plant"}]]',
    "batched twice": '[[0, 65, 12, {0: 121({0: "«S1»"})}], [0, 66, 12, {0: 123({0: "me", 1: "«S2»"})}]]',
    "indefinite": '[_ [_ 0, 65, 12, {_ 0: 121({_ 0: "«S»"})}]]',
    "in chunks": '[[0, 65, 12, {0: 121({0: (_ "«S1»", "«S2»")})}]]',
    "password in chunks": '[_ [_ 0, 65, 12, {_ 0: 123({_ 0: "me", 1: (_ "«S1»", "", "«S2»")})}]]',
    "long heads": '[_1 [_2 0_0, 65_3, 12_1, {_0 0_1: 121_2({_3 0_2: "«S»"_1})}]]',
    "another order": f'[[0, 65, 12, {{1: {SESSION}, 0: 123({{1: "«S»", 0: "me"}})}}]]',
    "bytes": "[[0, 65, 12, {0: 123({0: \"me\", 1: '«S»'})}]]",
    "unknown alternative": '[[0, 65, 12, {0: 130("«S»")}]]',
    "a map with names": '[[0, 65, 12, {"authentication": {"token": "«S»"}}]]',
    "a list": '[[0, 65, 12, ["«S»"]]]',
    "duplicate keys": '[[0, 65, 12, {0: 123({0: "me", 1: "«S1»", 1: "«S2»"})}]]',
    "a key": '[[0, 65, 12, {0: 121({"«S»": 0})}]]',
    "as the user name": '[[0, 65, 12, {0: 123({0: "«S»"})}]]',
    "in a fifth place": '[[0, 65, 12, {}, {0: 121({0: "«S»"})}]]',
    "opcode a float": '[[0, 65, 12.0, {0: 121({0: "«S»"})}]]',
    "opcode a bignum": "[[0, 65, 2(h'0c'), {0: 121({0: \"«S»\"})}]]",
    "opcode text": '[[0, 65, "12", {0: 121({0: "«S»"})}]]',
    "opcode its name": '[[0, 65, "create_sub_session", {0: 121({0: "«S»"})}]]',
    "no opcode": '[[0, 65, {0: 121({0: "«S»"})}]]',
    "another command": '[[0, 65, 3, {0: 121({0: "«S»"})}]]',
    "no message id": '[[0, 12, {0: 121({0: "«S»"})}]]',
    "nested too deep": '[[[0, 65, 12, {0: 121({0: "«S»"})}]]]',
    "a map for a packet": '{0: 0, 1: 65, 2: 12, 3: {0: "«S»"}}',
    "tagged": '55799([[0, 65, 12, {0: 121({0: "«S»"})}]])',
    "embedded": '24(<<[0, 65, 12, {0: 121({0: "«S»"})}]>>)',
}
TEXTS = {
    "diagnostic notation": '[[0, 65, 12, {0: 121({0: "«S»"})}]]',
    "JSON": '[[0,65,12,{"0":{"0":"«S»"}}]]',
    "JSON with names": '{"command": "create_sub_session", "token": "«S»"}',
}


WORD = re.compile(rb"[A-Za-z0-9+/]{8,}")
"""What each trace of a secret is in one of."""


class Secrets:
    """Secrets that are like nothing else, and finding any piece of them in bytes."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self.given: dict[str, str] = {}  # where it stands, by secret

    def new(self, where: str) -> str:
        secret = "".join(self._chance.choices(string.ascii_letters + string.digits, k=32))
        self.given[secret] = where
        return secret

    def found_in(self, data: bytes) -> set[str]:
        """Where those stand of which eight bytes in a row are there, as they are, in hex, or in base64."""
        pieces = {piece: where for secret, where in self.given.items() for piece in traces(secret.encode())}
        sizes = {len(piece) for piece in pieces}
        return {
            pieces[word[start : start + size]]
            for word in set(WORD.findall(data))
            for size in sizes
            for start in range(len(word) - size + 1)
            if word[start : start + size] in pieces
        }


def traces(secret: bytes) -> set[bytes]:
    """What shows that eight bytes of a secret are there."""
    found = set()
    for start in range(len(secret) - 7):
        piece = secret[start : start + 8]
        found |= {piece, piece.hex().encode(), piece.hex().upper().encode()}
        found |= {base64.b64encode(bytes(shift) + piece)[4 if shift else 0 : -4] for shift in range(3)}
    return {trace for trace in found if len(trace) >= 8} | {
        base64.b64encode(bytes(shift) + secret)[4:-4][start : start + 10]
        for shift in range(3)
        for start in range(len(secret) * 4 // 3 - 18)
    }


def test_a_secret_is_found_in_whatever_it_hides_in() -> None:
    secrets = Secrets(random.Random(1))
    secret = secrets.new("it")
    for shown in (secret, secret[5:15], secret.encode().hex(), secret.encode().hex().upper()):
        assert secrets.found_in(f"before {shown} behind".encode()) == {"it"}
    for before in ("", "x", "xy", "operator:"):
        assert secrets.found_in(base64.b64encode(f"{before}{secret}!".encode())) == {"it"}
    assert secrets.found_in(b"nothing here, but a lot of it" * 9) == set()


def encoded(secrets: Secrets) -> list[bytes | str]:
    """Every encoding, whole and cut short, each with a secret of its own; as text as well."""
    messages: list[bytes | str] = []
    for name, template in ENCODINGS.items():
        whole = edn(filled(template, secrets.new(name)))
        messages += [whole, edn(filled(template, secrets.new(f"{name}, more behind"))) + b"\x00"]
        messages.append(edn(filled(template, secrets.new(f"{name}, as text"))).decode("latin-1"))
        messages += [
            edn(filled(template, secrets.new(f"{name}, cut by {length}")))[:-length]
            for length in (1, 3, 12, 20)
        ]
    return messages + [filled(template, secrets.new(name)) for name, template in TEXTS.items()]


def filled(template: str, secret: str) -> str:
    return template.replace("«S»", secret).replace("«S1»", secret[:16]).replace("«S2»", secret[16:])


class Conversations:
    """Clients that say all of their secrets in all ways through a proxy."""

    def __init__(self, secrets: Secrets) -> None:
        self.secrets = secrets
        self.account = Account("operator", secrets.new("Basic"), Rights(), secrets.new("Bearer"))
        self.accounts = Accounts((self.account,))

    async def run(self, url: str) -> None:
        query = f"token={self.secrets.new('query')}"
        by_password = Client(f"{url}?{query}", user="operator", password=self.account.password)
        for connecting in (by_password, Client(f"{url}?{query}", token=self.account.token)):
            async with connecting as client:
                await client.request(14, {0: 1, 1: 1})
                await client.request(8)
        url_with_query = f"{url}?a=1&b={self.secrets.new('query, refused')}"
        with pytest.raises(InvalidStatus):
            await Client(url_with_query, user="me", password=self.secrets.new("refused")).__aenter__()
        await self._offer(url)
        async with Client(url) as client:
            await client.request(14, {0: 1, 1: 1})
            await self._log_in(client)

    async def _offer(self, url: str) -> None:
        offers = ["xentara-v1", *(self.secrets.new(f"offer {number}") for number in (1, 2))]
        async with connect(url, subprotocols=list(map(Subprotocol, offers)), proxy=None) as websocket:
            await websocket.send(edn("[[0, 1, 14, {0: 1, 1: 1}]]"))
            await websocket.recv()

    async def _log_in(self, client: Client) -> None:
        for message in encoded(self.secrets):
            await client.send_raw(message)
        await client.wait_for_frames(1 + len(client.sent) - 1)


def broken_requests(port: int, secrets: Secrets) -> None:
    """What mitmproxy quotes in its complaints, which plain mitmdump prints whatever we do."""
    for head in (
        f"GET /api/ws?token={secrets.new('a broken request line')} and more HTTP/1.1",
        f"GET /api/ws HTTP/1.1\r\nHost: plant\r\nAuthorization Bearer {secrets.new('a broken header')}",
        f"GET /api/ws?token={secrets.new('no Host')} HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade",
    ):
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(f"{head}\r\n\r\n".encode())
            client.recv(10_000)


@asynccontextmanager
async def parrot() -> AsyncIterator[str]:
    """A server that repeats what it was sent: in texts, in errors, and when it closes. Yields its URL."""

    async def repeat(websocket: ServerConnection) -> None:
        assert websocket.request is not None
        await websocket.send(f"{websocket.request.headers.get('Authorization')} {websocket.request.path}")
        async for message in websocket:
            sent = message if isinstance(message, bytes) else message.encode()
            (secret,) = re.findall("[A-Za-z0-9]{32}", sent.decode("latin-1"))
            for text in (secret, sent.hex(), base64.b64encode(sent).decode(), sent.decode("latin-1")):
                await websocket.send(cbor2.dumps([[2, 65, {0: -32001, 1: f"not {text}!"}]]))
            if message is not sent:
                await websocket.send(message)
                await websocket.close(1008, f"because of {secret}")
                return

    async with serve(repeat, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def provoke(url: str, secrets: Secrets) -> None:
    """Clients that tell a parrot their secrets."""
    for number in range(3):
        user, token = ("operator", None) if number else (None, secrets.new("Bearer"))
        query = f"?token={secrets.new('query')}" if number == 2 else ""
        client = Client(f"{url}{query}", user=user, password=secrets.new("Basic"), token=token)
        async with client:
            await client.send_raw(edn(filled(ENCODINGS["password"], secrets.new("password"))))
            await client.wait_for_frames(1 + 4)
            await client.send_raw(filled(TEXTS["JSON"], secrets.new("text")))
            await client.wait_for_frames(1 + 4 + 5)


LISTS = ("log", "sessions", "events", "readings", "findings", "stats", "elements", "subscriptions")


def everything_shown(database: Path) -> str:
    """The output of all queries in all formats."""
    shown = []
    names = [str(row["id"]) for row in rows("log", "-d", database, "--limit", "0", "--events")]
    commands = [[name, "--format", form] for name in LISTS for form in ("table", "json", "ndjson", "csv")]
    commands += [
        [command, name, "--format", form]
        for name in names
        for command in ("show", "why")
        for form in ("text", "json")
    ]
    commands.append(["report", "-o", "-"])
    for command in commands:
        result = CliRunner().invoke(cli, [*command, "-d", str(database)], catch_exceptions=False)
        assert result.exit_code == 0, (command, result.output)
        shown.append(result.output)
    assert len(names) > 50
    return "".join(shown)


def capture(upstream: str, database: Path, confdir: Path) -> Process:
    return Process(
        [
            sys.executable, "-m", "xentara_inspect", "capture", "--upstream", upstream, "-d", database,
            "--listen", "127.0.0.1:0", "--set", f"confdir={confdir}",
        ]
    )  # fmt: skip


def mitmdump(upstream: str, database: Path, confdir: Path) -> Process:
    """As the README says: without mitmproxy's own lines, which print URLs with their query."""
    return Mitmdump(upstream, database, confdir, "--set", "flow_detail=0")


@pytest.mark.slow
@pytest.mark.parametrize("start", [capture, pytest.param(mitmdump, marks=pytest.mark.stress)])
def test_no_secret_is_in_any_file_or_output(
    start: Callable[[str, Path, Path], Process], database: Path, confdir: Path, tmp_path: Path
) -> None:
    secrets = Secrets(random.Random(7))
    conversations = Conversations(secrets)

    async def record(simulator: Simulator) -> tuple[bytes, str]:
        with start(f"http://127.0.0.1:{simulator.port}", database, confdir) as proxy:
            line = await asyncio.to_thread(proxy.wait_for_line, r"(?i)listening (?:on|at) \S*?:(\d+)[.,]?\s")
            await conversations.run(f"ws://127.0.0.1:{line[1]}/api/ws")
            if start is capture:
                await asyncio.to_thread(broken_requests, int(line[1]), secrets)
            live = b"".join(path.read_bytes() for path in tmp_path.iterdir())
            await asyncio.to_thread(proxy.stop)
            assert proxy.child.returncode == 0, proxy.output
            return live, proxy.output

    async def main() -> tuple[bytes, str]:
        async with simulated(accounts=conversations.accounts) as simulator:
            return await record(simulator)

    live, output = run_async(main())
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert len(secrets.given) > 40
    for written in (live, left, output.encode(), everything_shown(database).encode()):
        assert secrets.found_in(written) == set()


@pytest.mark.slow
def test_what_a_server_repeats_of_a_secret_is_in_no_file(
    database: Path, confdir: Path, tmp_path: Path
) -> None:
    secrets = Secrets(random.Random(9))

    async def main() -> None:
        async with parrot() as upstream:
            with mitmdump(upstream, database, confdir) as proxy:
                line = await asyncio.to_thread(
                    proxy.wait_for_line, r"(?i)listening (?:on|at) \S*?:(\d+)[.,]?\s"
                )
                await provoke(f"ws://127.0.0.1:{line[1]}/api/ws", secrets)
                await asyncio.to_thread(proxy.stop)

    run_async(main())
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    counts = "SELECT count(*), sum(redacted) FROM frames WHERE NOT from_client"
    assert read(database, counts) == [(3 * 10, 3 * 10)]
    assert len(rows("log", "-d", database)) > 10
    assert secrets.found_in(left) == set()
    assert {row["close_reason"] for row in rows("sessions", "-d", database)} == {f"because of {'*' * 32}"}
