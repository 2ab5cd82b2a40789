"""`import` of files that are no flow files, or that say what cannot be."""

from __future__ import annotations

import math
import subprocess
from pathlib import Path
from typing import Any

import pytest
from mitmproxy import io as flow_io
from mitmproxy.io import tnetstring
from mitmproxy.test import tflow

from tests.journal import Journal
from tests.live import ROOT, ran, rows
from tests.store_traffic import HELLO, LIVE_INFO, frames, read
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.chain import newest_file

SAMPLE = ROOT / "sample_captures" / "hello-and-browse.flow"


def run_import(database: Path, *files: Path | str) -> subprocess.CompletedProcess[str]:
    return ran("import", *files, "-d", database)


def flow_file(path: Path, **changes: Any) -> Path:
    """A flow file with one Xentara flow, some of its attributes changed."""
    flow: Any = tflow.twebsocketflow()
    flow.request.path = "/api/ws"
    for name, value in changes.items():
        *parents, last = name.split("__")
        holder = flow
        for parent in parents:
            holder = getattr(holder, parent)
        setattr(holder, last, value)
    with path.open("wb") as file:
        flow_io.FlowWriter(file).add(flow)
    return path


KINDS = "what can be read is mitmproxy flows, HAR, packet captures (pcapng, pcap)"


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", f"empty; {KINDS}"),
        (b"junk", f"of no known kind; {KINDS}"),
        (b"99999999999:", "not a whole mitmproxy flow file (cut off)"),
        (b"5:hello,", "not a whole mitmproxy flow file ("),
        (b"SQLite format 3\0" + bytes(100), "a database: ask it with `-d`"),
        (b"{", "not a whole HAR file (parse error: premature EOF"),
        (b'{"log": {"entries": [}', "not a whole HAR file (parse error: unallowed token"),
        (b'{"some": "JSON"}', "nothing of Xentara in it"),
    ],
    ids=str,
)
def test_what_is_no_capture_is_one_clear_line(
    content: bytes, says: str, tmp_path: Path, database: Path
) -> None:
    (tmp_path / "x").write_bytes(content)
    run = run_import(database, tmp_path / "x")
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1].startswith(f"Error: {tmp_path}/x: {says}")


@pytest.mark.parametrize(
    "changes",
    [
        {"websocket__timestamp_end": math.inf},
        {"websocket__timestamp_end": math.nan},
        {"websocket__timestamp_end": 1e12},
        {"websocket__close_code": 2**70},
    ],
    ids=str,
)
def test_a_flow_with_impossible_contents_is_left_out_and_the_others_come_in(
    changes: dict[str, Any], tmp_path: Path, database: Path
) -> None:
    run = run_import(database, flow_file(tmp_path / "odd.flow", **changes), SAMPLE)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == "Error: odd.flow: a flow with impossible contents was left out"
    assert len(rows("sessions", "-d", database)) == 2
    assert rows("log", "-d", database)


def test_the_whole_flows_of_a_truncated_file_come_in(tmp_path: Path, database: Path) -> None:
    whole = SAMPLE.read_bytes()
    (tmp_path / "cut.flow").write_bytes(whole[: len(whole) - 100])
    run = run_import(database, tmp_path / "cut.flow")
    assert run.returncode == 1
    assert len(rows("sessions", "-d", database)) == 1
    run = run_import(database, SAMPLE)
    assert run.returncode == 0
    assert len(rows("sessions", "-d", database)) == 2


def test_flows_of_mitmproxy_6_whose_text_is_no_bytes_come_in(tmp_path: Path, database: Path) -> None:
    flow: Any = tflow.twebsocketflow()
    flow.request.path = "/api/ws"
    state: Any = flow.get_state()
    state["version"] = 14  # whose messages had no word on whether they were injected
    state["websocket"]["messages"] = [[1, True, "hello", 1_612_375_501, False]]
    client, server = state["client_conn"], state["server_conn"]
    client |= {"address": client.pop("peername"), "tls_extensions": None}
    server |= {"ip_address": server.pop("peername"), "source_address": server.pop("sockname")}
    server["via2"] = server.pop("via")
    for connection in (client, server):
        connection |= {"tls_established": False, "cipher_name": connection.pop("cipher")}
    (tmp_path / "old.flow").write_bytes(tnetstring.dumps(state))
    assert run_import(database, tmp_path / "old.flow").returncode == 0
    assert read(database, "SELECT is_text, payload FROM frames") == [(1, b"hello")]


def test_an_older_file_of_a_recording_takes_nothing_and_names_the_newest(tmp_path: Path) -> None:
    oldest = tmp_path / "plant.db"
    with Journal(oldest, rotation=Rotation(size=1)) as journal:
        session = journal.open_session(LIVE_INFO)
        for frame in frames(*HELLO):
            journal.record(session, [frame])
    newest = newest_file(str(oldest))
    assert newest != str(oldest)
    before = [read(oldest, f"SELECT * FROM {table}") for table in ("sessions", "settings")]
    run = run_import(oldest, SAMPLE, "--notation", "exchanges")
    line = "is an older file of a recording, which nothing is added to: it goes on in"
    assert (run.returncode, run.stderr) == (1, f"Error: {oldest} {line} {newest}\n")
    assert [read(oldest, f"SELECT * FROM {table}") for table in ("sessions", "settings")] == before
    assert run_import(Path(newest), SAMPLE).returncode == 0
