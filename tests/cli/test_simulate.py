"""`xentara-inspect simulate` as a process of its own."""

from __future__ import annotations

import asyncio
import re
import signal
import socket
import ssl
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from xentara_inspect.cli import cli
from xentara_inspect.cli.endpoints import ENDPOINT
from xentara_inspect.frames import endpoint
from xentara_inspect.simulator import OPERATOR, OUTSIDER, SERVICE, VIEWER, Client

COMMAND = [sys.executable, "-c", "from xentara_inspect.cli.simulate import simulate; simulate()"]

USERS = (OPERATOR, VIEWER, SERVICE, OUTSIDER)


def refused(*arguments: str) -> tuple[int, str]:
    """Exit code and last line on stderr of a simulator that does not start."""
    run = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=30, check=False)
    assert run.stdout == ""
    assert "Traceback" not in run.stderr
    return run.returncode, run.stderr.strip().splitlines()[-1]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("options", [[], ["--tls"], ["--require-auth"]])
def test_it_says_where_it_listens_serves_and_ends_cleanly(number: signal.Signals, options: list[str]) -> None:
    with subprocess.Popen(
        [*COMMAND, "--listen", "127.0.0.1:0", *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            assert process.stderr is not None
            url = re.search(r"wss?://127\.0\.0\.1:[1-9]\d*/api/ws", process.stdout.readline())
            assert url is not None
            said = [process.stdout.readline().split() for _ in range(6)]
            assert [words[:2] for words in said[1:5]] == [[user.user, user.password] for user in USERS]
            assert said[0][0] == ("Log" if "--require-auth" in options else "Anybody")
            assert said[5] == ["Stop", "with", "Ctrl-C"]
            assert asyncio.run(_greet(url[0])) == {0: 1}
            process.send_signal(number)
            assert process.wait(timeout=10) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()


async def _greet(url: str) -> object:
    context = None
    if url.startswith("wss"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    async with Client(url, ssl_context=context, user=OPERATOR.user, password=OPERATOR.password) as client:
        return (await client.request(14, {0: 1, 1: 1})).result


def test_a_port_in_use_is_one_line_and_exit_code_1() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, line = refused("--listen", f"127.0.0.1:{port}")
    assert (code, line) == (1, f"Error: cannot listen on 127.0.0.1:{port}: address already in use")


def test_an_address_of_another_machine_is_one_line_and_exit_code_1() -> None:
    assert refused("--listen", "192.0.2.1:8080") == (
        1,
        "Error: cannot listen on 192.0.2.1:8080: cannot assign requested address",
    )


@pytest.mark.parametrize(
    "text", ["8080", ":8080", "host:", "host:x", "host:65536", "host:-1", "::1:80", "host:\u0663"]
)
def test_what_is_no_address_is_wrong_usage(text: str) -> None:
    with pytest.raises(click.BadParameter):
        ENDPOINT.convert(text, None, None)


def test_wrong_usage_ends_with_exit_code_2() -> None:
    assert refused("--listen", "nowhere")[0] == 2


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("127.0.0.1:8080", ("127.0.0.1", 8080)),
        ("[::1]:0", ("::1", 0)),
        ("localhost:65535", ("localhost", 65535)),
    ],
)
def test_an_address_is_read_and_shown_alike(text: str, address: tuple[str, int]) -> None:
    assert ENDPOINT.convert(text, None, None) == address
    assert endpoint(*address) == text


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_a_client_of_a_port_where_nobody_listens_says_so(host: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        url = f"ws://{host}:{free.getsockname()[1]}/api/ws"
    run = CliRunner().invoke(cli, ["demo", "--client", url])
    assert (run.exit_code, run.stderr) == (1, f"Error: {url}: connection refused\n")
