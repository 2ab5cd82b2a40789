"""Recorded requests to a server again: which are sent, how, and what the comparison says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, cast

import cbor_diag
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from tests.compared import SAID, SUB_SESSION, SUBSCRIPTION
from tests.live import ran, run_async
from tests.played import save
from tests.queries.asking import START, fill
from tests.simulated import NOW
from tests.store_traffic import LEVEL, VALVE, add, frames, info, reading
from tests.transcript import edn
from xentara_inspect.frames import Closing, address
from xentara_inspect.index.process import catch_up
from xentara_inspect.playback.asking import Asking
from xentara_inspect.playback.client import Heard, ask_again
from xentara_inspect.playback.logins import Credentials, Login
from xentara_inspect.playback.plan import Plan, read_plan
from xentara_inspect.protocol import commands
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.simulator import SERVICE, Client, Simulator, demo, example_plant

BLANKED = tuple(line.replace('"secret"', '"******"') for line in SAID)
ANN = Credentials(Login("ann", "secret"))


def planned(
    path: Path, *said: str, allowed: Any = commands.READ_ONLY_COMMANDS, by: Credentials = ANN
) -> Plan:
    with open_databases([str(fill(path / "recorded.db", *said))]) as databases:
        return read_plan(databases, "1", allowed, by)


def sent(plan: Plan, asking: Asking, step: int) -> str:
    return cbor_diag.cbor2diag(asking.message(plan.steps[step]), pretty=False).replace(" ", "")


def test_only_what_changes_nothing_is_sent_unless_more_is_allowed(tmp_path: Path) -> None:
    plan = planned(tmp_path, *BLANKED, ">[[0, 20, 10], [0, 21, 8]]", ">[[0, 22, 99]]", ">text:hello")
    assert plan.why == {"write": 1, "suspend": 1, "command 99": 1, "malformed": 1}
    assert [[ask.request.opcode for ask in step.asks] for step in plan.steps] == [
        [14], [3, 3], [12], [4], [6], [1], [7], [8],
    ]  # fmt: skip
    (tmp_path / "more").mkdir()
    allowed = commands.READ_ONLY_COMMANDS | {commands.WRITE}
    assert "write" not in planned(tmp_path / "more", *BLANKED, allowed=allowed).why


def test_a_login_whose_secret_is_not_known_is_left_out_with_all_that_needs_it(tmp_path: Path) -> None:
    close = f">[[0, 20, 13, {{0: {SUB_SESSION}}}]]"
    plan = planned(tmp_path, *BLANKED, close, allowed=commands.COMMANDS, by=Credentials(Login("bob", "x")))
    assert plan.why == {
        "create_sub_session whose secret is not known": 1,
        "write of what was left out": 1,
        "close_sub_session of what was left out": 1,
    }


def test_a_login_that_was_refused_is_not_tried_with_another_password(tmp_path: Path) -> None:
    again = '>[[0, 30, 12, {0: 123({0: "ann", 1: "*****"})}]]', "<[[2, 30, {0: -32102}]]"
    plan = planned(tmp_path, *BLANKED, *again, allowed=commands.COMMANDS)
    assert plan.why == {"create_sub_session whose secret is not known": 1}
    assert [
        ask.request.message_id for step in plan.steps for ask in step.asks if ask.request.opcode == 12
    ] == [4]


def test_secrets_and_the_ids_that_the_server_gives_now_are_put_in(tmp_path: Path) -> None:
    plan = planned(tmp_path, *BLANKED, allowed=commands.COMMANDS)
    asking = Asking(plan, ANN)
    new = "37(h'c01dc0ffeec01dc0ffeec01dc0ffee00')"
    assert sent(plan, asking, 0) == "[[0,1,14,{0:1,1:1}]]"
    assert sent(plan, asking, 2) == '[[0,4,12,{0:123({0:"ann",1:"secret"})}]]'
    asking.received(edn(f"[[1, 4, {new}]]"))
    assert sent(plan, asking, 4) == f"[[0,6,5,{{0:{VALVE},1:11,2:7,3:{new}}}]]"
    assert sent(plan, asking, 5) == f"[[0,7,6,{{0:[{{0:{LEVEL},1:[11,9]}}]}}]]"
    asking.received(edn("[[1, 7, 37(h'00112233445566778899001122334455')]]"))
    assert sent(plan, asking, 7) == "[[0,9,7,{0:37(h'00112233445566778899001122334455')}]]"
    assert SUBSCRIPTION not in sent(plan, asking, 6)


def test_a_message_waits_for_what_had_been_answered_before_it(tmp_path: Path) -> None:
    plan = planned(tmp_path, *SAID[:4])
    asking = Asking(plan, ANN)
    assert asking.is_ready(plan.steps[0])
    asking.message(plan.steps[0])
    assert not asking.is_ready(plan.steps[1])
    asking.received(edn("[[1, 1, {0: 1}]]"))
    assert asking.is_ready(plan.steps[1])
    asking.message(plan.steps[1])
    asking.received(edn(f"[[1, 3, {VALVE}]]"))
    assert not asking.is_done()
    asking.received(edn("[[2, 2, {0: -32100}]]"))
    assert asking.is_done()


def test_answers_to_what_is_malformed_are_not_waited_for(tmp_path: Path) -> None:
    said = (*SAID[:2], ">hex:ff", "<[[2, 0, {0: -32700}]]", "<[[2, 9, {0: -32100}]]")
    plan = planned(tmp_path, *said)
    assert plan.left_out == {3 << 24, address(4, 1)}


@pytest.mark.parametrize(
    ("closing", "code", "is_client_leaving"),
    [
        (Closing(START + 10**9, 1001, by="client"), 1001, True),
        (Closing(START + 10**9, 1006), 1006, True),
        (Closing(START + 10**9, 1011, by="server"), 1011, False),
        (None, None, True),
    ],
)
def test_how_it_ended_is_known(
    tmp_path: Path, closing: Closing | None, code: int | None, is_client_leaving: bool
) -> None:
    add(tmp_path / "recorded.db", frames(*SAID, start=START), info(), closing)
    catch_up(tmp_path / "recorded.db")
    with open_databases([str(tmp_path / "recorded.db")]) as databases:
        plan = read_plan(databases, "1", commands.READ_ONLY_COMMANDS, ANN)
    assert (plan.close_code, plan.is_client_leaving) == (code, is_client_leaving)


@pytest.mark.parametrize(
    ("recorded", "closed"),
    [(1000, 1000), (1001, 1001), (1005, 1005), (1006, 1006), (4711, 4711), (None, 1000)],
)
def test_the_client_leaves_as_it_did(recorded: int | None, closed: int) -> None:
    async def run() -> Heard:
        async with standing_still() as simulator:
            return await ask_again(simulator.url, Plan(close_code=recorded), Credentials())

    heard = run_async(run())
    assert heard.closing is not None
    assert heard.closing.code == closed


def test_where_the_server_closed_the_client_waits_for_it() -> None:
    async def close(websocket: ServerConnection) -> None:
        await websocket.close(1011, "no more")

    async def run() -> Heard:
        async with serve(close, "127.0.0.1", 0, subprotocols=[Subprotocol("xentara-v1")]) as server:
            url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            return await ask_again(url, Plan(is_client_leaving=False), Credentials(), fast=True)

    heard = run_async(run())
    assert heard.closing is not None
    assert (heard.closing.code, heard.closing.reason) == (1011, "no more")


@asynccontextmanager
async def standing_still() -> AsyncIterator[Simulator]:
    """A simulator in which nothing happens by itself."""
    async with Simulator(plant=example_plant(lambda: NOW)) as simulator:
        yield simulator


async def panel(client: Client) -> None:
    await demo(client, 0.3)


async def reader(client: Client) -> None:
    await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
    found = await client.request(commands.LOOKUP, {0: "Plant.Tank 1.Level"})
    given = await client.request(commands.SUBSCRIBE, {0: [{0: found.result, 1: [11]}], 1: 10})
    await client.wait_for_events(1)
    await client.request(commands.UNSUBSCRIBE, {0: given.result})


def replayed(
    folder: Path, conversation: Callable[[Client], Awaitable[Any]], *options: str
) -> tuple[int, str, str]:
    """Record a conversation, and replay it to another simulator: exit code, output, notes."""

    async def run() -> tuple[Client, tuple[int, str, str]]:
        async with standing_still() as simulator, Client(simulator.url) as client:
            await conversation(client)
        recorded = save(folder / "recorded.db", client, "recorded")
        async with standing_still() as simulator:
            url = f"http://127.0.0.1:{simulator.port}"
            run = await asyncio.to_thread(ran_replay, recorded, "--upstream", url, *options)
        return client, run

    _, said = run_async(run())
    return cast("tuple[int, str, str]", said)


def ran_replay(*arguments: str | Path) -> tuple[int, str, str]:
    run = ran("replay", *arguments)
    return run.returncode, run.stdout, run.stderr


@pytest.mark.parametrize("pace", [[], ["--fast"]])
def test_the_same_server_says_the_same_again(tmp_path: Path, pace: list[str]) -> None:
    assert replayed(tmp_path, reader, *pace)[:2] == (0, "")


def test_what_is_left_out_is_said_and_does_not_count(tmp_path: Path) -> None:
    code, _, notes = replayed(tmp_path, panel, "--fast", "--format", "ndjson")
    assert (code, "Not sent: 4 write, 1 create_sub_session whose secret is not known" in notes) == (0, True)


def test_credentials_are_used_and_not_stored(tmp_path: Path) -> None:
    new = tmp_path / "new.db"
    options = ["--allow-writes", "--user", SERVICE.user, "--password", SERVICE.password, "-o", str(new)]
    code, output, notes = replayed(tmp_path, panel, "--fast", "--format", "ndjson", *options)
    # The service engineer may do at once what the panel could not.
    assert (code, output.count("\n"), "Access Denied" in output, "Not sent" in notes) == (1, 1, True, False)
    assert SERVICE.password.encode() not in new.read_bytes()
    with reading(new) as connection:
        ((user, source),) = connection.execute("SELECT user, source FROM sessions").fetchall()
    assert (user, source) == (SERVICE.user, "replay")


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["--upstream", "http://127.0.0.1:1"], 2, "ws://127.0.0.1:1/api/ws: "),
        (["--upstream", "ftp://plant"], 2, "is no URL"),
        (["--upstream", "http://127.0.0.1:1", "--session", "9"], 2, "session"),
        (["--upstream", "http://127.0.0.1:1", "--user", "ann"], 2, "belong together"),
        (["--upstream", "http://127.0.0.1:1", "--allow", "write"], 2, "'write' is not one of"),
    ],
)
def test_what_cannot_be_done_is_one_line(tmp_path: Path, options: list[str], code: int, says: str) -> None:
    run = ran("replay", fill(tmp_path / "recorded.db", *SAID), *options)
    assert (run.returncode, run.stdout, says in run.stderr) == (code, "", True), run.stderr
