"""What is measured of a recording that goes on: the table of it, for Prometheus and for `docs/health.md`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from xentara_inspect.frames import Frame
from xentara_inspect.index.keeper import IndexerKeeper
from xentara_inspect.recorder.keeper import JournalKeeper

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric as Family


@dataclass(slots=True)
class Passed:
    """What has passed since the proxy began.

    sessions: connections, those that failed included; open: of them, now. bytes: of the payloads.
    """

    sessions: int = 0
    failed: int = 0
    open: int = 0
    frames: int = 0
    bytes: int = 0

    def count(self, frame: Frame) -> None:
        """A frame passed."""
        self.frames += 1
        self.bytes += len(frame.payload)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording that goes on. path: of its first database. indexer: where one decodes beside it."""

    path: str
    passed: Passed
    journal: JournalKeeper
    indexer: IndexerKeeper | None

    def troubles(self) -> list[str]:
        """What is wrong just now, a line each; from any thread."""
        return self.journal.condition.troubles()


Value = float | Mapping[str, float] | None
"""A number, a number by process, or None where there is none."""


@dataclass(frozen=True, slots=True)
class Metric:
    """Something that is measured. says: what it is, to people. value: it, from any thread."""

    name: str
    says: str
    value: Callable[[Recording], Value]

    @property
    def kind(self) -> str:
        """A counter only grows, from 0 at the start of the proxy; a gauge goes up and down."""
        return "counter" if self.name.endswith("_total") else "gauge"


def _free_disk(recording: Recording) -> Value:
    try:
        return shutil.disk_usage(os.path.dirname(recording.path)).free
    except OSError:
        return None


def _restarts(recording: Recording) -> Value:
    restarts = {"journal": recording.journal.restarts}
    return restarts | ({"indexer": recording.indexer.restarts} if recording.indexer is not None else {})


METRICS: Final = (
    Metric(
        "xentara_healthy",
        "1 where /healthz says healthy, else 0",
        lambda recording: not recording.troubles(),
    ),
    Metric(
        "xentara_frames_total", "messages of recorded connections", lambda recording: recording.passed.frames
    ),
    Metric("xentara_bytes_total", "bytes of their payloads", lambda recording: recording.passed.bytes),
    Metric(
        "xentara_sessions_total",
        "recorded connections, those that failed included",
        lambda recording: recording.passed.sessions,
    ),
    Metric("xentara_sessions_open", "of these, open now", lambda recording: recording.passed.open),
    Metric(
        "xentara_failed_connections_total",
        "connections that never came about: refused, or no server",
        lambda recording: recording.passed.failed,
    ),
    Metric(
        "xentara_last_commit_age_seconds",
        "seconds since the database was last written; where nothing happens, at most about 1",
        lambda recording: recording.journal.condition.commit_age,
    ),
    Metric(
        "xentara_backlog_frames",
        "messages (and beginnings and ends of connections) that are not committed yet",
        lambda recording: recording.journal.backlog.count,
    ),
    Metric(
        "xentara_backlog_bytes",
        "memory that they take",
        lambda recording: recording.journal.backlog.size,
    ),
    Metric(
        "xentara_dropped_frames_total",
        "messages that there was no memory for while nothing could be written",
        lambda recording: recording.journal.backlog.dropped,
    ),
    Metric(
        "xentara_indexer_lag_frames",
        "recorded messages that are not decoded yet",
        lambda recording: None if recording.indexer is None else recording.indexer.lag,
    ),
    Metric(
        "xentara_rotations_total",
        "how often recording went on in another database",
        lambda recording: recording.journal.rotations,
    ),
    Metric("xentara_free_disk_bytes", "room where the databases are", _free_disk),
    Metric(
        "xentara_restarts_total",
        "how often a process had to be started again; `process` is `journal` (writes) or `indexer` (decodes)",
        _restarts,
    ),
)
"""In the order in which they are told."""


class Collector:
    """Reads a recording whenever somebody asks, for a registry of prometheus_client."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording

    def collect(self) -> Iterator[Family]:
        """All that there is a value of."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        for metric in METRICS:
            value = metric.value(self._recording)
            if value is None:
                continue
            by_process = value if isinstance(value, Mapping) else None
            make = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
            family = make(metric.name, metric.says, labels=() if by_process is None else ("process",))
            if by_process is None:
                family.add_metric((), float(value))  # type: ignore[arg-type]
            for process, number in (by_process or {}).items():
                family.add_metric((process,), number)
            yield family
