"""Exchanges as spans, as collectors get them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from tests.collecting import Receiver, attributes, by_id
from tests.queries.asking import START, fill, record
from tests.rotating import EACH_GROUP
from tests.store_traffic import CONVERSATION, HELLO, VALVE, VALVE_UUID, info
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.ended import ended
from xentara_inspect.telemetry.collector import Collector, CollectorError
from xentara_inspect.telemetry.urls import shown, traces_url

MS = 1_000_000


def send(receiver: Receiver, *databases: Path, **filters: Any) -> list[Span]:
    with open_databases([str(database) for database in databases]) as asked:
        sent = sum(Collector(traces_url(receiver.url)).send(ended(asked, **filters)))
    assert sent == len(receiver.spans)
    return receiver.spans


def test_an_exchange_is_a_span_from_its_request_to_its_response(database: Path) -> None:
    fill(database, *CONVERSATION)
    with Receiver() as receiver:
        spans = by_id(send(receiver, database))
    lookup = spans["3p1"]
    assert lookup.name == "xentara/lookup"
    assert lookup.kind == Span.SPAN_KIND_CLIENT
    assert (lookup.start_time_unix_nano, lookup.end_time_unix_nano) == (START + 3 * MS, START + 4 * MS)
    assert lookup.status.code == Status.STATUS_CODE_UNSET
    assert lookup.parent_span_id == b""
    assert attributes(lookup.attributes) == {
        "rpc.system.name": "xentara",
        "rpc.method": "lookup",
        "server.address": "plant",
        "server.port": 8080,
        "client.address": "10.0.0.7",
        "client.port": 51234,
        "network.protocol.name": "websocket",
        "network.transport": "tcp",
        "xentara.id": "3p1",
        "xentara.session": 1,
        "xentara.message_id": 2,
        "xentara.element": "Plant.Tank 1.Level",
    }


WRONG = (
    (f">[[0, 1, 2, {{0: {VALVE}, 1: [0]}}]]", '<[[2, 1, {0: -32103, 1: "no"}]]'),
    (f">[[0, 2, 2, {{0: {VALVE}, 1: [0]}}]]", "<[[2, 2, {0: 18446744073709551615}]]"),
    (f">[[0, 3, 2, {{0: {VALVE}, 1: [0]}}]]",),
    (">[[0, 4, 99]]",),
    ("<[[1, 77]]",),
)
WHY: tuple[dict[str, str], ...] = (
    {"rpc.method": "meta_data", "rpc.response.status_code": "-32103", "error.type": "Read Only"},
    {
        "rpc.method": "meta_data",
        "rpc.response.status_code": "18446744073709551615",
        "error.type": "18446744073709551615",
    },
    {"rpc.method": "meta_data", "error.type": "unanswered"},
    {"rpc.method": "_OTHER", "rpc.method_original": "99", "error.type": "unanswered"},
    {"error.type": "unsolicited"},
)


def test_what_went_wrong_says_what_kind_of_error_it_is_and_the_code_that_was_answered(
    database: Path,
) -> None:
    fill(database, *(line for lines in WRONG for line in lines))
    with Receiver() as receiver:
        spans = send(receiver, database)
    assert {span.status.code for span in spans} == {Status.STATUS_CODE_ERROR}
    said = [attributes(span.attributes) for span in spans]
    assert [
        {key: of[key] for key in of if key.startswith(("rpc.method", "rpc.response", "error"))} for of in said
    ] == [*WHY]
    assert [span.name for span in spans] == ["xentara/meta_data"] * 3 + ["xentara"] * 2


def test_what_was_never_answered_has_no_length(database: Path) -> None:
    fill(database, *HELLO, f">[[0, 2, 2, {{0: {VALVE}, 1: [0]}}]]")
    with Receiver() as receiver:
        span = by_id(send(receiver, database))["3p1"]
    assert span.start_time_unix_nano == span.end_time_unix_nano == START + 3 * MS


def ids(spans: list[Span]) -> list[tuple[bytes, bytes]]:
    return [(span.trace_id, span.span_id) for span in spans]


def test_sent_again_they_are_the_same_spans_and_no_two_have_the_same_ids(database: Path) -> None:
    fill(database, *CONVERSATION)
    fill(database, *CONVERSATION, about=info("flow-2"))
    with Receiver() as receiver:
        first = ids(send(receiver, database))
    with Receiver() as receiver:
        assert ids(send(receiver, database)) == first
    for different in zip(*first, strict=True):
        assert len(set(different)) == len(first) == 22
        assert not any(int.from_bytes(one) == 0 for one in different)


@pytest.mark.slow
def test_the_files_of_a_rotated_recording_give_the_spans_that_one_file_gives(tmp_path: Path) -> None:
    with Receiver() as receiver:
        whole = send(receiver, *record(tmp_path / "whole.db", *CONVERSATION))
    files = record(tmp_path / "rotated.db", *CONVERSATION, rotation=EACH_GROUP)
    assert len(files) > len(CONVERSATION) / 2
    with Receiver() as receiver:
        assert send(receiver, *files) == whole


def test_filters_choose_exchanges_as_lists_do(database: Path) -> None:
    fill(database, *CONVERSATION)
    fill(database, *HELLO, about=info("flow-2"), start=START + 1000 * MS)
    chosen: list[tuple[dict[str, Any], list[str]]] = [
        ({"session": "2"}, ["20p1"]),
        ({"element": VALVE_UUID}, ["3p2", "6p2", "11p1", "11p2"]),
        ({"since": START + 3 * MS, "until": START + 4 * MS}, ["3p1", "3p2"]),
    ]
    for filters, expected in chosen:
        with Receiver() as receiver:
            assert [*by_id(send(receiver, database, **filters))] == expected


def test_who_tells_is_what_the_environment_says(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, *HELLO)
    with Receiver() as receiver:
        send(receiver, database)
        assert receiver.services[0]["service.name"] == "xentara-inspect"
        monkeypatch.setenv("OTEL_SERVICE_NAME", "plant north")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=north%20wing")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip")
        with open_databases([str(database)]) as asked:
            assert list(Collector(traces_url(receiver.url)).send(ended(asked))) == [1]
        assert receiver.services[1]["service.name"] == "plant north"
        path, headers = receiver.requests[1]
    assert path == "/v1/traces"
    assert headers["x-tenant"] == "north wing"
    assert headers["content-encoding"] == "gzip"


PARTLY = ExportTraceServiceResponse()
PARTLY.partial_success.rejected_spans = 7
PARTLY.partial_success.error_message = "too\x1b old"

REFUSALS = [
    ((400, {}, b""), "it answers 400 Bad Request", True),
    ((401, {}, b""), "it answers 401 Unauthorized", False),
    ((302, {"location": "/login"}, b""), "it answers 302 Found", False),
    ((200, {}, PARTLY.SerializeToString()), "it did not take 7 spans: too\\u001b old", True),
]


@pytest.mark.parametrize(("answer", "why", "is_lost"), REFUSALS, ids=[why for _, why, _ in REFUSALS])
def test_a_collector_that_does_not_take_it_is_told_of(
    answer: Any, why: str, is_lost: bool, database: Path
) -> None:
    fill(database, *HELLO)
    with Receiver() as receiver, open_databases([str(database)]) as asked:
        receiver.answers.append(answer)
        with pytest.raises(CollectorError) as refused:
            list(Collector(traces_url(receiver.url)).send(ended(asked)))
    assert str(refused.value) == f"{receiver.url}/v1/traces: {why}"
    assert refused.value.lost == (1 if is_lost else 0)


def test_a_collector_that_is_busy_is_asked_again_when_it_says(database: Path) -> None:
    fill(database, *HELLO)
    with Receiver() as receiver:
        receiver.answers += [(503, {"retry-after": "0"}, b""), (429, {"retry-after": "0"}, b"")]
        assert len(send(receiver, database)) == 1
    assert len(receiver.requests) == 3


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
        ("http://127.0.0.1:4318/v1/traces/", "http://127.0.0.1:4318/v1/traces"),
        ("https://otlp.example/otlp?token=1", "https://otlp.example/otlp/v1/traces?token=1"),
        ("http://[::1]:4318/#there", "http://[::1]:4318/v1/traces"),
    ],
)
def test_spans_go_below_the_url_of_a_collector(given: str, asked: str) -> None:
    assert traces_url(given) == asked


@pytest.mark.parametrize(
    "wrong",
    ["", "127.0.0.1:4318", "grpc://plant:4317", "http://", "http://plant:99999", "http://[::1", "http://a b"],
)
def test_what_is_no_url_of_a_collector_is_refused(wrong: str) -> None:
    with pytest.raises(ValueError, match="is the URL of an OpenTelemetry collector"):
        traces_url(wrong)


def test_no_secret_of_a_url_is_told() -> None:
    assert shown("https://ann:secret@plant:4318/v1/traces?key=secret") == "https://plant:4318/v1/traces"
