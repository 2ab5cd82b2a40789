"""HAR files as Chrome, Playwright, mitmproxy and Firefox write them, and as hostile peers might."""

from __future__ import annotations

import base64
import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mitmproxy import http

from tests.live import ROOT, inspect, ran, rows
from xentara_inspect.captures.flows import CaptureError, recording_of
from xentara_inspect.captures.har import read_har

HELLO = bytes.fromhex("81840001 0ea2 0000 0101")
"""[[0, 1, 14, {0: 0, 1: 1}]]"""
WELCOME = bytes.fromhex("8182 0101")
STARTED = "2026-03-01T10:00:00.000Z"
SECONDS = 1772359200.25
"""A quarter of a second later."""


def message(
    content: bytes | str, kind: str = "send", time: float = SECONDS, opcode: int = 2
) -> dict[str, Any]:
    data = base64.b64encode(content).decode() if isinstance(content, bytes) else content
    return {"type": kind, "time": time, "opcode": opcode, "data": data}


def entry(
    *messages: Any, url: str = "wss://plant.example:8080/api/ws?key=1", status: int = 101, **more: Any
) -> dict[str, Any]:
    """What Chrome writes of a WebSocket."""
    return {
        "_resourceType": "websocket",
        "_webSocketMessages": list(messages),
        "startedDateTime": STARTED,
        "time": 12.5,
        "request": {
            "method": "GET",
            "url": url,
            "httpVersion": "HTTP/1.1",
            "headers": [
                {"name": "Origin", "value": "https://panel.example"},
                {"name": "User-Agent", "value": "Chrome"},
                {"name": "Authorization", "value": "Basic b3BlcmF0b3I6bWFkZS11cA=="},  # operator:made-up
            ],
            "queryString": [],
            "cookies": [],
            "headersSize": -1,
            "bodySize": 0,
        },
        "response": {
            "status": status,
            "statusText": "",
            "httpVersion": "HTTP/1.1",
            "headers": [{"name": "Sec-WebSocket-Protocol", "value": "xentara-v1"}],
            "cookies": [],
            "content": {"size": 0, "mimeType": "x-unknown"},
            "redirectURL": "",
            "headersSize": -1,
            "bodySize": -1,
        },
        "cache": {},
        "timings": {},
        **more,
    }


def har(path: Path, *entries: Any) -> Path:
    path.write_text(json.dumps({"log": {"version": "1.2", "creator": {}, "entries": list(entries)}}))
    return path


def connections(path: Path) -> list[Any]:
    return [
        recording_of(read, path.name) if isinstance(read, http.HTTPFlow) else read
        for read in read_har(path, lambda _: None)
    ]


def test_a_connection_as_chrome_writes_it(tmp_path: Path) -> None:
    sent, got = message(HELLO), message(WELCOME, "receive", SECONDS + 0.5)
    [(info, frames, closing)] = connections(har(tmp_path / "x.har", entry(sent, got)))
    assert (info.server, info.path, info.subprotocol) == ("plant.example:8080", "/api/ws", "xentara-v1")
    assert (info.user, info.origin, info.user_agent) == ("operator", "https://panel.example", "Chrome")
    assert info.client is None
    assert info.opened == 1772359200_000_000_000
    assert [tuple(frame) for frame in frames] == [
        (1772359200_250_000_000, True, False, HELLO),
        (1772359200_750_000_000, False, False, WELCOME),
    ]
    assert closing.time == frames[-1].time


@pytest.mark.parametrize("time", [SECONDS, SECONDS * 1000], ids=["Chrome", "Playwright"])
def test_seconds_and_milliseconds_are_told_apart(time: float, tmp_path: Path) -> None:
    [(_, frames, _)] = connections(har(tmp_path / "x.har", entry(message(HELLO, time=time))))
    assert frames[0].time == 1772359200_250_000_000


def test_text_stays_text(tmp_path: Path) -> None:
    [(_, frames, _)] = connections(har(tmp_path / "x.har", entry(message("81ä", opcode=1))))
    assert (frames[0].is_text, frames[0].payload) == (True, "81ä".encode())


@pytest.mark.parametrize(
    "end",
    [
        message("Connection closed before receiving a handshake response", "error", opcode=-1),
        message("", "receive", opcode=8),
        message("", "send", opcode=9),
        message("", "receive", opcode=10),
    ],
    ids=["error", "close", "ping", "pong"],
)
def test_what_is_no_message_is_no_frame(end: dict[str, Any], tmp_path: Path) -> None:
    [(_, frames, _)] = connections(har(tmp_path / "x.har", entry(message(HELLO), end)))
    assert [frame.payload for frame in frames] == [HELLO]


def test_a_connection_without_its_messages_as_firefox_writes_it(tmp_path: Path) -> None:
    firefox = entry()
    del firefox["_webSocketMessages"], firefox["_resourceType"]
    [(info, frames, _)] = connections(har(tmp_path / "x.har", firefox))
    assert (info.refused, frames) == (None, [])


@pytest.mark.parametrize(
    ("status", "more", "refused"),
    [
        (403, {}, "HTTP 403"),
        (0, {"_error": "net::ERR_CONNECTION_REFUSED"}, "net::ERR_CONNECTION_REFUSED"),
        (0, {"_error": "it was north"}, "no answer"),
        (0, {}, "no answer"),
    ],
)
def test_a_connection_that_failed(status: int, more: Any, refused: str, tmp_path: Path) -> None:
    [(info, frames, closing)] = connections(har(tmp_path / "x.har", entry(status=status, **more)))
    assert (info.refused, frames) == (refused, [])
    assert closing is not None


@pytest.mark.parametrize(
    "odd",
    [
        {"opcode": 2, "type": "send", "time": SECONDS, "data": "no base64!"},
        {"opcode": 2, "type": "send", "time": SECONDS},
        {"opcode": 2, "type": "send", "data": ""},
        {"opcode": 2, "type": "sent", "time": SECONDS, "data": ""},
        {"opcode": 2, "type": "send", "time": 1e300, "data": ""},
        {"opcode": 2, "type": "send", "time": "noon", "data": ""},
        {},
    ],
    ids=str,
)
def test_a_connection_with_an_impossible_message_is_left_out_and_the_others_come_in(
    odd: dict[str, Any], tmp_path: Path
) -> None:
    first, second = read_har(har(tmp_path / "x.har", entry(odd), entry(message(HELLO))), lambda _: None)
    with pytest.raises(CaptureError, match=r"x\.har: a flow with impossible contents was left out"):
        recording_of(first, "x.har")  # type: ignore[arg-type]
    assert len(recording_of(second, "x.har")[1]) == 1  # type: ignore[arg-type]


def test_an_entry_that_is_none_is_said_and_the_others_come_in(tmp_path: Path) -> None:
    broken, none, whole = entry(message(HELLO)), 5, entry(message(HELLO))
    del broken["request"]["headers"]
    read = connections(har(tmp_path / "x.har", broken, none, whole))
    assert isinstance(read[0], CaptureError)
    assert len(read) == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@given(data=st.data())
def test_any_value_anywhere_gives_connections_or_a_clear_line(
    data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    odd: Any = entry(message(HELLO))
    place, key = odd, data.draw(st.sampled_from(sorted(odd)))
    while isinstance(place[key], dict | list) and place[key] and data.draw(st.booleans()):
        place = place[key]
        key = data.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else range(len(place))))
    place[key] = data.draw(JSON)
    path = har(tmp_path_factory.mktemp("har") / "x.har", odd, entry(message(HELLO)))
    with contextlib.suppress(CaptureError):
        assert len(connections(path)) == 2


def test_the_whole_entries_of_a_truncated_file_come_in(tmp_path: Path) -> None:
    path = har(tmp_path / "x.har", entry(message(HELLO)), entry(message(HELLO)))
    path.write_bytes(path.read_bytes()[:-100])
    reading = read_har(path, lambda _: None)
    assert isinstance(next(reading), http.HTTPFlow)
    with pytest.raises(CaptureError, match="not a whole HAR file"):
        next(reading)


@pytest.mark.slow
def test_mitmproxys_har_of_the_samples_says_what_their_flow_files_say(tmp_path: Path) -> None:
    samples = b"".join(path.read_bytes() for path in sorted((ROOT / "sample_captures").glob("*.flow")))
    (tmp_path / "x.flow").write_bytes(samples)
    mitmdump = Path(sys.executable).with_name("mitmdump")
    options = ["--set", f"hardump={tmp_path / 'x.har'}", "--set", f"confdir={tmp_path}"]
    subprocess.run([mitmdump, "-nqr", tmp_path / "x.flow", *options], check=True, timeout=120)
    lists = []
    for kind in ("flow", "har"):
        inspect("import", tmp_path / f"x.{kind}", "-d", tmp_path / f"{kind}.db")
        database = tmp_path / f"{kind}.db"
        lists.append([rows(question, "--limit", "0", "-d", database) for question in ("log", "events")])
    assert lists[0] == lists[1]


def test_a_file_by_standard_input_and_once_more_doubles_nothing(tmp_path: Path, database: Path) -> None:
    content = har(
        tmp_path / "x.har", entry(message(HELLO)), entry(url="https://x/", _resourceType="document")
    ).read_text()
    for says in ("1 frame added", "0 frames added, 1 in the database already"):
        done = ran("import", "-", "-d", database, stdin=content)
        assert done.returncode == 0
        assert says in done.stderr
    assert len(rows("sessions", "-d", database)) == 1
