"""`stats`: counts, latencies and bytes by command."""

from __future__ import annotations

from pathlib import Path

from tests.queries.asking import ask
from tests.store_traffic import HELLO, add, frames
from tests.transcript import edn
from xentara_inspect.index.process import catch_up

KEYS = "command count ok errors unanswered p50_ms p95_ms p99_ms max_ms request_bytes response_bytes"


def test_rows_have_exactly_the_keys_of_the_contract(conversation: Path) -> None:
    assert {" ".join(row) for row in ask(conversation, "stats")} == {KEYS}


def test_percentiles_are_latencies_that_occurred(database: Path) -> None:
    said = [line for number in range(1, 101) for line in (f">[[0, {number}, 8]]", f"<[[1, {number}, 2]]")]
    answered = [
        frame._replace(time=frame.time * (1 + index)) for index, frame in enumerate(frames(*said, start=0))
    ]
    add(database, [*frames(*HELLO, start=0), *answered])
    catch_up(database)
    stage = next(row for row in ask(database, "stats") if row["command"] == "get_stage")
    latencies = sorted(row["latency_ms"] for row in ask(database, "log", commands=[8], limit=0))
    assert (stage["count"], stage["ok"]) == (100, 100)
    assert [stage[key] for key in ("p50_ms", "p95_ms", "p99_ms", "max_ms")] == [
        latencies[49], latencies[94], latencies[98], latencies[99],
    ]  # fmt: skip


def test_commands_that_nobody_answered_or_knows_are_counted(conversation: Path) -> None:
    counted = {row["command"]: (row["count"], row["ok"], row["errors"], row["unanswered"], row["max_ms"])
               for row in ask(conversation, "stats")}  # fmt: skip
    assert counted["write"] == (2, 0, 1, 1, 1.0)
    assert counted["opcode 18446744073709551615"] == (1, 0, 0, 1, None)


def test_bytes_are_those_of_the_packets_alone_or_not(conversation: Path) -> None:
    sizes = {
        row["command"]: (row["request_bytes"], row["response_bytes"]) for row in ask(conversation, "stats")
    }
    assert sizes["client_hello"] == (len(edn("[0, 1, 14, {0: 1, 1: 1}]")), len(edn("[1, 1, {0: 1}]")))
    assert sizes["get_stage"] == (len(edn("[0, 9, 8]")), 0)
    assert sizes["lookup"][0] == len(edn('[0, 2, 3, {0: "Plant.Tank 1.Level"}]'))
