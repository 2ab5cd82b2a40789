"""Remake the sample captures: `python sample_captures/make.py [--only NAME]`.

Each is recorded by a real mitmdump in front of the simulator.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Final

from mitmproxy.flow import Flow
from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader, FlowWriter

HERE: Final = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from sample_captures.faults import client_faults, client_proper
from sample_captures.irregular import malformed, out_of_order
from sample_captures.runs import bad_run, good_run
from sample_captures.scenarios import (
    hello_and_browse,
    reads_and_writes,
    sub_sessions,
    subscription_events,
)
from sample_captures.seed_pages import seed_pages
from sample_captures.stage import Passed, Scenario, Stage, new_simulator
from xentara_inspect.protocol.identifiers import PATH

SCENARIOS: Final[dict[str, Scenario]] = {
    "hello-and-browse": hello_and_browse,
    "reads-and-writes": reads_and_writes,
    "subscription-events": subscription_events,
    "sub-sessions": sub_sessions,
    "out-of-order": out_of_order,
    "malformed": malformed,
    "seed-pages": seed_pages,
    "client-faults": client_faults,
    "client-proper": client_proper,
    "good-run": good_run,
    "bad-run": bad_run,
}

_TIMEOUT: Final = 30.0
_POLL: Final = 0.05


@asynccontextmanager
async def recording(upstream_port: int, capture: Path) -> AsyncIterator[int]:
    """Run mitmdump in front of a port and give its own; `capture` is complete afterwards."""
    with tempfile.TemporaryDirectory(prefix="sample-captures-") as configuration:
        process = await asyncio.create_subprocess_exec(
            *(str(Path(sys.executable).with_name("mitmdump")), "--set", f"confdir={configuration}"),
            *("--mode", f"reverse:http://127.0.0.1:{upstream_port}"),
            *("--listen-host", "127.0.0.1", "--listen-port", "0", "--set", "flow_detail=0"),
            *("-w", str(capture)),
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        try:
            async with asyncio.timeout(_TIMEOUT):
                yield await _bound_port(process)
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            await process.communicate()


async def _bound_port(process: asyncio.subprocess.Process) -> int:
    """The port that mitmdump says it listens on. Raises RuntimeError if it ends before it does."""
    assert process.stdout is not None  # noqa: S101 - it was asked for
    seen = []
    async for line in process.stdout:
        seen.append(line.decode())
        if found := re.search(r"listening at \S*:(\d+)", seen[-1]):
            return int(found[1])
    raise RuntimeError(f"mitmdump ended: {''.join(seen)}")


def flows_in(capture: Path) -> list[Flow]:
    """The flows of a capture. Raises FlowReadException if it is not whole."""
    with capture.open("rb") as file:
        return list(FlowReader(file).stream())


def _is_over(flow: Flow) -> bool:
    return isinstance(flow, HTTPFlow) and (
        flow.websocket is None or flow.websocket.closed_by_client is not None
    )


def write_with_pauses(capture: Path, flows: Sequence[Flow], pauses: Sequence[Passed]) -> None:
    """Write the flows as if the pauses had passed: what came behind one is so much later."""
    connections = sorted(
        (flow for flow in flows if isinstance(flow, HTTPFlow)), key=lambda flow: flow.request.timestamp_start
    )
    begins = [_begin_of_message(connections[pause.connection], pause.messages) for pause in pauses]

    def later(time: float) -> float:
        return time + sum(pause.seconds for begin, pause in zip(begins, pauses, strict=True) if time >= begin)

    for flow in flows:
        flow.set_state(_with_times(flow.get_state(), later))
    with capture.open("wb") as file:
        writer = FlowWriter(file)
        for flow in flows:
            writer.add(flow)


def _begin_of_message(flow: HTTPFlow, number: int) -> float:
    """When a message came, counted from 0; behind the last, when the connection ended."""
    data = flow.websocket
    if data is None or data.timestamp_end is None:
        raise RuntimeError("a pause on a connection that never was")
    return data.messages[number].timestamp if number < len(data.messages) else data.timestamp_end


def _with_times(state: Any, change: Callable[[float], float]) -> Any:
    """A state of mitmproxy with every time in it changed: entries named so, and those of messages."""
    if isinstance(state, dict):
        return {
            key: change(value)
            if key.startswith("timestamp") and isinstance(value, float)
            else [(*entry[:3], change(entry[3]), *entry[4:]) for entry in value]
            if key == "messages"
            else _with_times(value, change)
            for key, value in state.items()
        }
    return state


async def make(name: str) -> Stage:
    """Play a scenario through mitmdump into `NAME.flow`."""
    simulator, clock = new_simulator()
    # Written beside the old capture, so that a scenario that fails does not spoil it.
    fresh = HERE / f"{name}.flow.new"
    fresh.unlink(missing_ok=True)
    try:
        async with simulator, recording(simulator.port, fresh) as port:
            stage = Stage(simulator, clock, f"ws://127.0.0.1:{port}{PATH}")
            await SCENARIOS[name](stage)
            while simulator.connections:
                await asyncio.sleep(_POLL)  # the proxy still has to pass on that the client left
        flows = flows_in(fresh)
        if len(flows) != stage.upgrades or not all(_is_over(flow) for flow in flows):
            raise RuntimeError(f"{name}: a connection was not recorded to its end")
        if stage.pauses:
            write_with_pauses(fresh, flows, stage.pauses)
        fresh.replace(HERE / f"{name}.flow")
    finally:
        fresh.unlink(missing_ok=True)
    return stage


def main() -> None:
    """Remake all captures, or the one that --only names."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=SCENARIOS, metavar="NAME", help="; ".join(SCENARIOS))
    chosen = parser.parse_args().only
    for name in [chosen] if chosen else SCENARIOS:
        stage = asyncio.run(make(name))
        size = (HERE / f"{name}.flow").stat().st_size
        sys.stdout.write(f"{name}.flow: {len(stage.sent)} exchanges, {size} bytes\n")


if __name__ == "__main__":
    main()
