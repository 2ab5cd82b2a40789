"""A conversation over TLS, captured on loopback: `python -m tests.captures.sniffing` makes the stored one."""

from __future__ import annotations

import asyncio
import ssl
from pathlib import Path

from tests.live import wait_until
from xentara_inspect.protocol.commands import CLIENT_HELLO, LOOKUP
from xentara_inspect.simulator import Simulator
from xentara_inspect.simulator.client import Client

STORED = Path(__file__).parent / "stored"
MARK = b"this is what comes last"


async def sniff(capture: Path, keys: Path) -> None:
    """Capture a client that browses and reads, and write down the secrets of its TLS.

    Raises RuntimeError where dumpcap may not capture.
    """
    async with Simulator(tls=True) as simulator:
        command = (
            "dumpcap",
            "-q",
            "-B",
            "16",
            "-i",
            "lo",
            "-f",
            f"port {simulator.port}",
            "-w",
            str(capture),
        )
        dumpcap = await asyncio.create_subprocess_exec(*command, stderr=asyncio.subprocess.PIPE)
        assert dumpcap.stderr is not None
        try:
            seen = b""
            while b"File: " not in seen:
                line = await dumpcap.stderr.readline()
                if not line:
                    raise RuntimeError(seen.decode())
                seen += line
            await _converse(simulator, keys)
            _, writer = await asyncio.open_connection("127.0.0.1", simulator.port)
            writer.write(MARK)
            await writer.drain()
            await asyncio.to_thread(wait_until, lambda: MARK in capture.read_bytes(), "all of it in the file")
            writer.close()
        finally:
            if dumpcap.returncode is None:
                dumpcap.terminate()
            await dumpcap.communicate()


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
