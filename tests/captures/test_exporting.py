"""Recordings as captures for other programs, and these read again: nothing is lost on the way."""

from __future__ import annotations

import json
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.http import HTTPFlow
from mitmproxy.io import FlowReader

from tests.captures.exported import KINDS, bring_in, export, journal
from tests.live import ROOT, inspect, ran
from tests.queries.asking import START, fill
from tests.store.test_migrations import unpacked
from tests.store_traffic import BYE, CONVERSATION, HELLO, LEVEL_UUID, add, event, frames, info, read
from xentara_inspect.captures.flows import recording_of
from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.store.cutting import HEAD
from xentara_inspect.store.database import open_for_writing

SAMPLES = sorted((ROOT / "sample_captures").glob("*.flow"))


FEW = [path for path in SAMPLES if path.stem in ("hello-and-browse", "malformed", "sub-sessions")]


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Some sample captures, not indexed: proper, malformed, and with connections that were refused."""
    database = tmp_path_factory.mktemp("samples") / "samples.db"
    bring_in(database, *FEW)
    return database


needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="tshark is not installed")
BOTH_WAYS = [pytest.param(kind, marks=needs_tshark) if kind == "pcapng" else kind for kind in KINDS]


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_what_was_recorded_comes_back_from_a_capture_as_it_was(
    kind: str, samples: Path, tmp_path: Path
) -> None:
    bring_in(tmp_path / "again.db", export(kind, tmp_path / f"x.{kind}", samples))
    assert journal(tmp_path / "again.db") == journal(samples)


@pytest.mark.stress
@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_so_do_all_samples(kind: str, tmp_path: Path, database: Path) -> None:
    bring_in(database, *SAMPLES)
    bring_in(tmp_path / "again.db", export(kind, tmp_path / f"x.{kind}", database))
    assert journal(tmp_path / "again.db") == journal(database)


ODD: dict[str, tuple[SessionInfo, list[Frame], Closing | None]] = {
    "no client, and a host by its name": (
        replace(info(), client=None, server="plant.example:8080", user=None),
        frames(*HELLO),
        BYE,
    ),
    "an old and a new address": (replace(info(), client="[fe80::1]:50000"), frames(*HELLO), BYE),
    "open still": (info(), frames(*HELLO), None),
    "an end that is presumed": (info(), frames(*HELLO), BYE._replace(code=None, reason="the proxy died")),
    "an end that was abnormal": (info(), frames(*HELLO), BYE._replace(code=1006, reason=None)),
    "a token for a user": (replace(info(), user="*******"), frames(*HELLO), BYE),
    "no answer": (
        replace(info(), refused="no answer", subprotocol=None),
        [],
        BYE._replace(code=None, reason=None),
    ),
    "no server": (
        replace(info(), refused="cannot be reached: connection refused", subprotocol=None),
        [],
        BYE._replace(code=None, reason=None),
    ),
    "a clock that is set back meanwhile": (replace(info(), opened=START), [], Closing(START - 10**9, 1000)),
    "a clock that is set back": (
        info(),
        [frame._replace(time=START - 10**9 * place) for place, frame in enumerate(frames(*HELLO))],
        BYE._replace(by="server"),
    ),
    "open, and nothing said": (info(), [], None),
    "a code that none is": (info(), frames(*HELLO), BYE._replace(code=999, reason="a" * 200)),
    "text that is none": (info(), [Frame(START, True, True, b"gr\xfc\xdfe"), *frames(*HELLO)], BYE),
    "twenty megabytes": (info(), [Frame(START, False, False, bytes(range(256)) * 80_000)], BYE),
    "text, nothing and much": (
        info(),
        [
            Frame(START, True, True, "grüße,\ttabs\nand lines".encode()),
            Frame(START + 1000, False, False, b""),
            Frame(START + 2000, True, False, bytes(range(256)) * 1200),
            Frame(START + 3000, False, False, b"\xff" * 300_000),
        ],
        BYE,
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_so_does_what_is_rare(kind: str, tmp_path: Path, database: Path) -> None:
    for place, (odd, (about, said, end)) in enumerate(ODD.items()):
        add(database, said, replace(about, flow_id=odd, opened=START + place * 1000), end)
    bring_in(tmp_path / "again.db", export(kind, tmp_path / f"x.{kind}", database))
    again = journal(tmp_path / "again.db")
    assert [session[0] for session, _ in again] == list(ODD)
    for came, went in zip(again, journal(database), strict=True):
        assert came == went


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_a_capture_in_the_database_that_it_is_of_doubles_nothing(
    kind: str, samples: Path, tmp_path: Path
) -> None:
    database = Path(shutil.copy(samples, tmp_path / "samples.db"))
    imported = bring_in(database, export(kind, tmp_path / f"x.{kind}", samples))
    assert (imported.added, imported.skipped) == (0, sum(len(messages) for _, messages in journal(samples)))


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_connections_without_a_name_stay_without_and_are_known_again(
    kind: str, tmp_path: Path, database: Path
) -> None:
    add(database, frames(*HELLO), info(None))
    capture = export(kind, tmp_path / f"x.{kind}", database)
    bring_in(tmp_path / "again.db", capture)
    assert journal(tmp_path / "again.db") == journal(database)
    assert bring_in(database, capture)[1:3] == (0, 2)


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_connections_that_were_open_at_the_same_time_come_back_each_as_it_was(
    kind: str, tmp_path: Path, database: Path
) -> None:
    for place in range(5):
        said = frames(*HELLO, *map(event, range(place, 20)), start=START + place * 100_000)
        about = replace(info(str(place)), opened=START, client=f"10.0.0.{place % 2}:{50_000 + place}")
        add(database, said, about, BYE._replace(time=START + place * 10**9))
    bring_in(tmp_path / "again.db", export(kind, tmp_path / f"x.{kind}", database))
    assert journal(tmp_path / "again.db") == journal(database)


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_of_a_message_that_was_cut_comes_back_what_was_kept(
    kind: str, tmp_path: Path, database: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr("xentara_inspect.store.importing.MOST", 100_000)
        add(database, [Frame(START, False, False, b"x" * 200_000), *frames(*HELLO)])
    bring_in(tmp_path / "again.db", export(kind, tmp_path / f"x.{kind}", database))
    assert journal(tmp_path / "again.db") == journal(database)
    assert [len(payload) for *_, payload in journal(database)[0][1]] == [HEAD, 10, 7]


@pytest.mark.parametrize("kind", BOTH_WAYS)
def test_the_files_of_a_rotated_recording_are_one_capture(kind: str, tmp_path: Path) -> None:
    files = [unpacked(name, tmp_path) for name in ("plant", "plant-2")]
    for file in files:
        open_for_writing(file).close()  # which migrates it
    bring_in(tmp_path / "again.db", export(kind, tmp_path / f"x.{kind}", *files))
    payloads = "SELECT payload FROM frames ORDER BY id"
    assert read(tmp_path / "again.db", payloads) == [row for file in files for row in read(file, payloads)]
    ends = "SELECT client, closed / 1000, close_code FROM sessions ORDER BY id"
    assert read(tmp_path / "again.db", ends) == read(files[-1], ends)


def test_mitmproxy_reads_the_flows_that_it_once_wrote_in_another_file(samples: Path, tmp_path: Path) -> None:
    with export("flow", tmp_path / "x.flow", samples).open("rb") as file:
        flows = {flow.id: flow for flow in FlowReader(file).stream() if isinstance(flow, HTTPFlow)}
    for path in FEW:
        with path.open("rb") as file:
            for flow in FlowReader(file).stream():
                assert isinstance(flow, HTTPFlow)
                assert recording_of(flows[flow.id], "") == recording_of(flow, "")


def test_mitmproxy_opens_har(samples: Path, tmp_path: Path) -> None:
    with export("har", tmp_path / "x.har", samples).open("rb") as file:
        flows = [flow for flow in FlowReader(file).stream() if isinstance(flow, HTTPFlow)]
    statuses = [flow.response.status_code for flow in flows if flow.response is not None]
    assert statuses == [101, 101, 101, 101, 401, 403, 101, 101]
    assert all(flow.request.path == "/api/ws" for flow in flows)


def test_har_is_as_chrome_writes_it(tmp_path: Path, database: Path) -> None:
    add(database, frames(*HELLO), replace(info(), opened=START))
    log = json.loads(export("har", tmp_path / "x.har", database).read_text())["log"]
    (entry,) = log["entries"]
    assert entry["_resourceType"] == "websocket"
    assert entry["startedDateTime"] == "2023-11-14T22:13:20.000000Z"
    assert (entry["request"]["url"], entry["response"]["status"]) == ("ws://plant:8080/api/ws", 101)
    assert entry["_webSocketMessages"] == [
        {"type": "send", "time": 1700000000.001, "opcode": 2, "data": "gYQAAQ6iAAEBAQ=="},
        {"type": "receive", "time": 1700000000.002, "opcode": 2, "data": "gYMBAaEAAQ=="},
    ]


def _tshark(capture: Path, *options: str) -> list[str]:
    run = subprocess.run(["tshark", "-r", capture, *options], capture_output=True, text=True, check=True)
    return run.stdout.splitlines()


@needs_tshark
def test_wireshark_sees_the_addresses_times_and_messages_and_nothing_wrong(
    tmp_path: Path, database: Path
) -> None:
    about = replace(info(), client="10.0.0.7:51234", server="10.0.0.9:8080", opened=START)
    add(database, frames(*CONVERSATION), about)
    capture = export("pcapng", tmp_path / "x.pcapng", database)
    fields = ("frame.time_epoch", "ip.src", "ip.dst", "tcp.srcport", "data.data")
    shown = _tshark(
        capture, "-Y", "data", "-T", "fields", *(word for field in fields for word in ("-e", field))
    )
    hosts = {True: "10.0.0.7\t10.0.0.9\t51234", False: "10.0.0.9\t10.0.0.7\t8080"}
    assert shown == [
        f"{frame.time // 10**9}.{frame.time % 10**9:09}\t{hosts[frame.from_client]}\t{frame.payload.hex()}"
        for frame in frames(*CONVERSATION)
        if not frame.is_text
    ]
    checked = ("-o", "tcp.check_checksum:TRUE", "-o", "ip.check_checksum:TRUE")
    assert not _tshark(capture, *checked, "-Y", "_ws.expert.severity >= 0x600000")


@needs_tshark
def test_connections_between_the_same_ports_at_the_same_time_stay_apart(tmp_path: Path) -> None:
    for name in ("a", "b"):
        add(tmp_path / f"{name}.db", frames(*HELLO), replace(info(name), opened=START))
    capture = export("pcapng", tmp_path / "x.pcapng", tmp_path / "a.db", tmp_path / "b.db")
    bring_in(tmp_path / "again.db", capture)
    assert [session[0] for session, _ in journal(tmp_path / "again.db")] == ["a", "b"]


def kept(path: Path, database: Path, **filters: Any) -> list[bytes]:
    bring_in(path / "kept.db", export("flow", path / "x.flow", database, **filters))
    return [message[3] for _, messages in journal(path / "kept.db") for message in messages]


def test_an_element_leaves_what_is_about_it_and_answers_to_what_names_it(
    tmp_path: Path, database: Path
) -> None:
    fill(database, *CONVERSATION)
    said = [frame.payload for frame in frames(*CONVERSATION)]
    # The lookup with its answer, the subscription with its answer, events, the unsubscription.
    assert kept(tmp_path, database, element=LEVEL_UUID) == [
        said[place] for place in (2, 3, 5, 6, 7, 8, 15, 16, 17)
    ]


def test_since_and_until_leave_the_messages_between_them(tmp_path: Path, database: Path) -> None:
    said = frames(*HELLO, event(1), event(2))
    add(database, said)
    between = kept(tmp_path, database, since=said[1].time, until=said[3].time)
    assert between == [said[1].payload, said[2].payload]


def test_what_is_not_whole_does_not_pass_for_the_whole(tmp_path: Path, database: Path) -> None:
    said = frames(*HELLO, event(1), event(2))
    add(database, said)
    part = export("flow", tmp_path / "part.flow", database, since=said[2].time)
    bring_in(tmp_path / "again.db", part, export("flow", tmp_path / "whole.flow", database))
    assert [len(messages) for _, messages in journal(tmp_path / "again.db")] == [2, 4]


def test_the_command_writes_one_session_and_says_so(tmp_path: Path, database: Path) -> None:
    add(database, frames(*HELLO), info("a"))
    add(database, frames(*HELLO, event(1)), info("b"))
    run = ran("export", "--har", tmp_path / "x.har", "--session", "2", "-d", database)
    assert (run.returncode, run.stdout) == (0, "")
    assert run.stderr == f"{tmp_path / 'x.har'}: 1 connection, 3 messages\n"
    printed = inspect("export", "--har", "-", "--session", "2", "-d", database)
    assert printed == (tmp_path / "x.har").read_text()


ONE_OF = "One of --har, --flow, --pcapng, --parquet and --otlp says what to write."


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        ((), 2, ONE_OF),
        (("--har", "-", "--flow", "-"), 2, ONE_OF),
        (("--parquet", "-"), 2, "--parquet writes a folder of files"),
        (("--har", "xentara.db"), 1, "xentara.db is there already"),
        (("--har", "x.har", "--since", "2030-01-01"), 1, "nothing of that is recorded"),
        (("--har", "x.har", "--session", "9"), 1, "session 9 is not known"),
    ],
    ids=str,
)
def test_what_cannot_be_written_is_one_clear_line(
    arguments: tuple[str, ...],
    code: int,
    says: str,
    tmp_path: Path,
    database: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add(database, frames(*HELLO))
    monkeypatch.chdir(tmp_path)
    run = ran("export", *arguments, "-d", database)
    assert (run.returncode, says in run.stderr.splitlines()[-1]) == (code, True), run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["xentara.db"]
