"""A long recording in many files, full of secrets, whose processes are killed again and again."""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import time
from functools import partial
from pathlib import Path

import cbor2
import pytest
from websockets.exceptions import ConnectionClosed

from tests.live import Mitmdump, children, inspect, rows, run_async, simulated, wait_until
from tests.store_checks import check_integrity
from tests.store_traffic import read
from tests.whole.test_killed import is_gone
from tests.whole.test_secrets_everywhere import Secrets
from xentara_inspect.simulator import Client
from xentara_inspect.simulator.wire import encode
from xentara_inspect.store.chain import chain_files

ROUNDS = 6
VICTIMS = ("proxy", "journal", "indexer")
SIZE = "1M"  # the least there is


class Conversation:
    """A client that logs in with one wrong password after the other until its proxy is gone."""

    def __init__(self, url: str, secrets: Secrets) -> None:
        self.client = Client(url)
        self.address = ""
        self._secrets = secrets

    async def run(self) -> None:
        try:
            async with self.client:
                self.address = ":".join(map(str, self.client.websocket.local_address[:2]))
                await self.client.request(14, {0: 1, 1: 1})
                while True:
                    secret = self._secrets.new("sub-session")
                    credentials = cbor2.CBORTag(123, {0: "operator", 1: secret})
                    await self.client.send_raw(encode([[0, 65, 12, {0: credentials}], [0, 66, 8]]))
                    await self.client.wait_for_frames(len(self.client.received) + 1)
        except (OSError, EOFError, ConnectionClosed):
            pass


def recorded(files: list[Path], since: int) -> dict[str, list[bytes]]:
    """What clients were sent, by address. since: before that others had the addresses."""
    found: dict[str, list[bytes]] = {}
    for file in files:
        for client, payload in read(
            file,
            "SELECT client, payload FROM frames JOIN sessions ON sessions.id = session_id"
            f" WHERE NOT from_client AND opened >= {since} ORDER BY frames.id",
        ):
            found.setdefault(client, []).append(payload)
    return found


def beginnings(data: bytes) -> set[bytes]:
    """All eight bytes in a row that might be those that a secret begins with."""
    runs = {run[0] for run in re.finditer(rb"[A-Za-z0-9]{8,}", data)}
    return {run[start : start + 8] for run in runs for start in range(len(run) - 7)}


async def kill_something(victim: str, proxy: Mitmdump, chance: random.Random) -> None:
    """Kill one of the processes, and the proxy some time later."""
    if victim != "proxy":
        (pid,) = children(proxy.child.pid, victim)
        os.kill(pid, signal.SIGKILL)
        another = partial(wait_until, lambda: children(proxy.child.pid, victim) not in ([], [pid]), "another")
        await asyncio.to_thread(another)
        await asyncio.sleep(chance.uniform(0.5, 1))
    started = children(proxy.child.pid)
    proxy.child.kill()
    for pid in started:
        await asyncio.to_thread(wait_until, partial(is_gone, pid), "the others finish alone")


async def one_round(
    upstream: str, first: Path, confdir: Path, secrets: Secrets, victim: str, chance: random.Random
) -> None:
    options = ("--set", f"xentara_rotate_size={SIZE}", "--set", "flow_detail=0")
    before = len(chain_files(str(first)))
    started = time.time_ns()
    with await asyncio.to_thread(Mitmdump, upstream, first, confdir, *options) as proxy:
        conversations = [Conversation(proxy.url, secrets) for _ in range(3)]
        tasks = [asyncio.create_task(conversation.run()) for conversation in conversations]
        rotated = partial(wait_until, lambda: len(chain_files(str(first))) >= before + 3, "three more files")
        await asyncio.to_thread(rotated)
        await asyncio.sleep(chance.uniform(0, 0.5))
        await kill_something(victim, proxy, chance)
        await asyncio.gather(*tasks)
    assert "Traceback" not in proxy.output
    found = recorded([Path(path) for path in chain_files(str(first)).values()], since=started)
    for conversation in conversations:
        heard = conversation.client.received
        kept = found[conversation.address]
        assert [frame.payload for frame in heard] == kept[: len(heard)], "otherwise than heard"
        assert len(heard) <= len(kept), f"{len(heard) - len(kept)} frames that were heard are lost"


@pytest.mark.stress
def test_kills_in_a_rotating_recording_lose_nothing_and_give_no_secret_away(
    tmp_path: Path, confdir: Path
) -> None:
    seed = int(os.environ.get("XENTARA_SEED", time.time_ns() % 1_000_000))
    print(f"seed {seed} (XENTARA_SEED={seed} repeats it)")
    chance = random.Random(seed)
    secrets = Secrets(chance)
    folder = tmp_path / "recording"
    folder.mkdir()
    first = folder / "plant.db"

    async def main() -> None:
        async with simulated() as simulator:
            upstream = f"http://127.0.0.1:{simulator.port}"
            for victim in VICTIMS * ROUNDS:
                await one_round(upstream, first, confdir, secrets, victim, chance)

    run_async(main())
    files = [Path(path) for path in chain_files(str(first)).values()]
    for file in files:
        check_integrity(file)
        inspect("reindex", "-d", file)
    pattern = str(folder / "plant*.db")
    log = rows("log", "-d", pattern, "--limit", "0", "--command", "create_sub_session")
    assert len(log) > 100
    assert not rows("findings", "-d", pattern, "--code", "unsolicited-response")
    written = b"".join(path.read_bytes() for path in folder.iterdir())
    assert not beginnings(written) & {secret.encode()[:8] for secret in secrets.given}
    some = Secrets(chance)
    some.given = dict(list(secrets.given.items())[-3:])
    assert not some.found_in(written[-5_000_000:])
