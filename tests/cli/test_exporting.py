"""`export`: what it says, and what comes of it where it cannot."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.collecting import TAKEN, Receiver, by_id, collector, free_port
from tests.live import ROOT, inspect, ran, rows, wait_until
from tests.queries.asking import fill
from tests.store_traffic import HELLO

ALL = (
    "--limit",
    "0",
    "--status",
    "ok",
    "--status",
    "error",
    "--status",
    "unanswered",
    "--status",
    "unsolicited",
)


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("samples") / "samples.db"
    inspect("import", *sorted((ROOT / "sample_captures").glob("*.flow")), "-d", path)
    return path


def test_a_real_collector_takes_every_exchange(samples: Path, tmp_path: Path) -> None:
    with Receiver() as behind, collector(tmp_path, behind) as url:
        told = ran("export", "--otlp", url, "-d", samples)
        exchanges = {row["id"]: row for row in rows("log", "-d", samples, *ALL)}
        assert told.stderr == f"{url}/v1/traces: {len(exchanges)} spans\n"
        wait_until(lambda: len(behind.spans) >= len(exchanges), "all of them")
        spans = by_id(behind.spans)
    assert spans.keys() == exchanges.keys()
    for name, row in exchanges.items():
        span = spans[name]
        length = span.end_time_unix_nano - span.start_time_unix_nano
        assert span.name == "/".join(filter(None, ["xentara", row["command"]]))
        assert length == round((row["latency_ms"] or 0) * 1e6)
        assert (span.status.code == span.status.STATUS_CODE_ERROR) is (row["status"] != "ok")


def test_a_collector_that_is_away_is_one_line(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "authorization=Bearer%20TOP-SECRET")
    port = free_port()
    fill(database, *HELLO)
    told = ran("export", "--otlp", f"http://ann:TOP-SECRET@127.0.0.1:{port}/?key=TOP-SECRET", "-d", database)
    assert (told.returncode, told.stdout) == (1, "")
    assert told.stderr == f"Error: http://127.0.0.1:{port}/v1/traces: connection refused\n"


def test_one_that_refuses_later_is_told_with_what_it_took(samples: Path, tmp_path: Path) -> None:
    again = shutil.copy(samples, tmp_path / "again.db")
    with Receiver() as receiver:
        receiver.answers += [TAKEN, (403, {}, b"")]
        told = ran("export", "--otlp", receiver.url, "-d", samples, "-d", again)
        assert len(receiver.spans) == 512
    assert (told.returncode, told.stderr) == (
        1,
        f"Error: {receiver.url}/v1/traces: it answers 403 Forbidden (512 spans sent before)\n",
    )


def test_where_nothing_is_over_there_is_nothing_to_send(database: Path) -> None:
    fill(database, "<[[8, 0, {}]]")
    told = ran("export", "--otlp", "http://127.0.0.1:9", "-d", database)
    assert (told.returncode, told.stderr) == (1, "Error: nothing of that is recorded\n")


@pytest.mark.parametrize("url", ["plant:4318", "ftp://ann:TOP-SECRET@plant", ""])
def test_what_is_no_collector_is_wrong_usage(url: str, database: Path) -> None:
    told = ran("export", "--otlp", url, "-d", database)
    assert told.returncode == 2
    assert "Invalid value for '--otlp': this is the URL of an OpenTelemetry collector, such as" in told.stderr
    assert "SECRET" not in told.stderr


def test_without_the_extra_it_says_what_to_install(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(database, *HELLO)
    for name in [name for name in sys.modules if name.startswith("xentara_inspect.telemetry.c")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "requests", None)
    told = ran("export", "--otlp", "http://127.0.0.1:9", "-d", database)
    assert told.returncode == 1
    assert told.stderr.endswith("is not installed: pip install 'xentara-inspect[otlp]'\n")


def test_there_is_one_kind_at_a_time(database: Path) -> None:
    for given in ((), ("--har", "-", "--otlp", "http://127.0.0.1:9")):
        told = ran("export", *given, "-d", database)
        assert told.returncode == 2
        assert "says what to write" in told.stderr
