"""Captures that say what cannot be: one line, at once, and what else they hold is read."""

from __future__ import annotations

import copy
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mitmproxy.io import tnetstring

from tests.live import ROOT, ran
from xentara_inspect.captures.flows import CaptureError, read_flows, recording_of
from xentara_inspect.captures.har import read_har

SAMPLE = ROOT / "sample_captures" / "good-run.flow"
MEBIBYTE = 1 << 20


def written(path: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A flow file of two connections, the first of which is changed."""
    with SAMPLE.open("rb") as sample:
        first: Any = tnetstring.load(sample)
    second = copy.deepcopy(first) | {"id": "another"}
    change(first)
    path.write_bytes(tnetstring.dumps(first) + tnetstring.dumps(second))
    return path


def _time(state: dict[str, Any]) -> None:
    state["websocket"]["messages"][0][3] = "9" * 100


def _content(state: dict[str, Any]) -> None:
    state["websocket"]["messages"][0][2] = 100 * MEBIBYTE


@pytest.mark.parametrize("change", [_time, _content])
def test_what_is_no_time_and_no_content_takes_no_memory_and_the_rest_is_read(
    change: Callable[[dict[str, Any]], None], tmp_path: Path
) -> None:
    path = written(tmp_path / "odd.flow", change)
    tracemalloc.start()
    try:
        odd, whole = read_flows(path, lambda _: None)
        with pytest.raises(CaptureError, match="a flow with impossible contents was left out"):
            recording_of(odd, path.name)  # type: ignore[arg-type]
        assert tracemalloc.get_traced_memory()[1] < 20 * MEBIBYTE
    finally:
        tracemalloc.stop()
    _, frames, _ = recording_of(whole, path.name)  # type: ignore[arg-type]
    assert len(frames) == 26
    run = ran("import", path, "-d", tmp_path / "plant.db")
    assert run.returncode == 1
    assert "1 session, 26 frames added" in run.stderr


def test_levels_of_a_har_cost_little_and_too_many_are_told(tmp_path: Path) -> None:
    path = tmp_path / "deep.har"
    path.write_text('{"log":' + 200_000 * "[")
    tracemalloc.start()
    try:
        with pytest.raises(CaptureError, match=r"not a whole HAR file \(nested too deeply\)"):
            list(read_har(path, lambda _: None))
        assert tracemalloc.get_traced_memory()[1] < 200 * MEBIBYTE
    finally:
        tracemalloc.stop()


def test_what_a_reader_quotes_of_a_file_is_cut(tmp_path: Path) -> None:
    def end(state: dict[str, Any]) -> None:
        state["websocket"]["timestamp_end"] = 10_000 * "9"

    run = ran("import", written(tmp_path / "odd.flow", end), "-d", tmp_path / "plant.db")
    assert run.returncode == 1
    assert len(run.stderr) < 500


@pytest.mark.parametrize(
    "arguments", [("decode", "--file", "/dev/zero"), ("names", "import", "/dev/zero", "-d", "plant.db")]
)
def test_a_device_without_an_end_is_not_read_to_its_end(
    arguments: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    run = ran(*arguments)
    assert run.returncode == 1
    assert "256 MiB" in run.stderr
