"""`xentara-inspect mock` as a process of its own."""

from __future__ import annotations

import asyncio
import ssl
import sys
from pathlib import Path
from uuid import UUID

import pytest

from tests.compared import SAID
from tests.live import Process, ran
from tests.queries.asking import fill
from tests.store_traffic import LEVEL_UUID
from xentara_inspect.protocol import commands
from xentara_inspect.simulator import Client, Response

CAPTURE = Path(__file__).parents[2] / "sample_captures" / "subscription-events.flow"


def asked(url: str, *requests: tuple[int, object]) -> list[Response]:
    """What a client is answered, after its hello."""

    async def run() -> list[Response]:
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        async with Client(url, ssl_context=context if url.startswith("wss") else None) as client:
            await client.request(commands.CLIENT_HELLO, {0: 1, 1: 1})
            return [await client.request(opcode, parameters) for opcode, parameters in requests]

    return asyncio.run(run())


@pytest.mark.parametrize(("options", "code"), [([], 0), (["--strict", "--tls"], 1)])
def test_it_serves_a_recording_and_says_what_was_not_in_it(
    tmp_path: Path, options: list[str], code: int
) -> None:
    database = fill(tmp_path / "recorded.db", *SAID)
    command = [sys.executable, "-m", "xentara_inspect", "mock", str(database), "--listen", "127.0.0.1:0"]
    with Process([*command, *options]) as process:
        url = process.wait_for_line(r"Mock listening on (wss?://127\.0\.0\.1:\d+/api/ws)").group(1)
        process.wait_for_line("Serves 1 recorded connection. Stop with Ctrl-C")
        answers = asked(
            url,
            (commands.LOOKUP, {0: "Plant.Level"}),
            (commands.LOOKUP, {0: "Plant.\x1b[2J"}),
            (commands.LOOKUP, {0: "Plant.\x1b[2J"}),
        )
        process.stop()
    assert answers[0].result == UUID(LEVEL_UUID)
    assert process.child.returncode == code
    line = r"lookup Plant.\u001b[2J → -32100 Unknown Element"
    said = process.output.splitlines()
    assert [text for text in said if "not in the recording: " in text] == [f"not in the recording: {line}"]
    assert said[-2:] == [
        "4 requests: 2 answered as recorded, 0 from what is known, 2 not in the recording",
        f"     2 x {line}",
    ]


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["missing.db"], 1, "missing.db"),
        ([str(CAPTURE), "--listen", "nowhere.invalid:80"], 1, "cannot listen on nowhere.invalid:80"),
        ([str(CAPTURE), "--session", "9"], 1, "session"),
        ([str(CAPTURE), "--speed", "0"], 2, "speed"),
        ([str(CAPTURE), "--speed", "nan"], 2, "'nan' is no number"),
        ([str(CAPTURE), "--speed", "inf"], 2, "speed"),
        ([str(CAPTURE), "--user", "ann"], 2, "belong together"),
    ],
)
def test_what_cannot_be_done_is_one_line(options: list[str], code: int, says: str) -> None:
    run = ran("mock", *options)
    assert (run.returncode, run.stdout, says in run.stderr) == (code, "", True), run.stderr
