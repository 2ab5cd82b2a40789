"""Packets captured on loopback: `python -m tests.captures.sniffing` makes the stored ones."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

from tests.live import PATIENCE, wait_until
from xentara_inspect.protocol.commands import CLIENT_HELLO, LOOKUP
from xentara_inspect.simulator import Simulator
from xentara_inspect.simulator.client import Client

STORED = Path(__file__).parent / "stored"
MARK = b"this is what comes last"


def can_sniff() -> bool:
    """Whether there is a dumpcap that may capture on loopback."""
    command = ("dumpcap", "-L", "-i", "lo")
    return (
        shutil.which(command[0]) is not None and not subprocess.run(command, capture_output=True).returncode
    )


@contextlib.contextmanager
def sniffing(port: int, capture: Path) -> Iterator[None]:
    """Capture all that passes at a port meanwhile. Raises RuntimeError where dumpcap may not."""
    with subprocess.Popen(
        ["dumpcap", "-q", "-B", "16", "-i", "lo", "-f", f"port {port}", "-w", capture], stderr=subprocess.PIPE
    ) as dumpcap:
        assert dumpcap.stderr is not None
        try:
            seen = b""
            while b"File: " not in seen:
                line = dumpcap.stderr.readline()
                if not line:
                    raise RuntimeError(seen.decode())
                seen += line
            yield
            with socket.create_connection(("127.0.0.1", port), PATIENCE) as last:
                last.sendall(MARK)
                wait_until(lambda: MARK in capture.read_bytes(), "all of it in the file")
        finally:
            dumpcap.terminate()
            dumpcap.communicate()


async def sniff(capture: Path, keys: Path) -> None:
    """Capture a client that browses and reads, and write down the secrets of its TLS.

    Raises RuntimeError where dumpcap may not capture.
    """
    async with Simulator(tls=True) as simulator:
        with sniffing(simulator.port, capture):
            await _converse(simulator, keys)


async def _converse(simulator: Simulator, keys: Path) -> None:
    assert simulator.certificate is not None
    context = ssl.create_default_context(cadata=simulator.certificate.decode())
    context.keylog_filename = str(keys)
    async with Client(simulator.url, ssl_context=context) as client:
        await client.request(CLIENT_HELLO, {0: 1, 1: 1})
        for _ in range(5):
            await client.request(LOOKUP, {0: "Plant.Tank 1.Level"})


if __name__ == "__main__":
    for name in ("tls.pcapng", "tls.keys"):
        (STORED / name).unlink(missing_ok=True)
    asyncio.run(sniff(STORED / "tls.pcapng", STORED / "tls.keys"))
