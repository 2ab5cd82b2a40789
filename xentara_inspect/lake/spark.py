"""The tasks of a lake spread by Spark: one row a task, no shuffle."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from xentara_inspect.lake.decoding import Task, decode

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

SCHEMA: Final = "archive string, lake string, task array<string>"
"""Of a DataFrame of tasks: where the archive is, where the tables go, paths of manifests."""

LOCAL: Final = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.ui.enabled": "false",
}
"""On one machine nothing listens to others."""

_DONE: Final = "task array<string>, frames bigint"


def decode_by_spark(master: str, archive: str, lake: str, tasks: Sequence[Task]) -> int:
    """Decode the tasks of an archive on a Spark cluster. Returns how many frames that were.

    master: empty for the one that `spark-submit` was given. The workers need this package, and reach archive
    and lake under the same names. Raises ArchiveError, StoreError; a task that failed is tried again as Spark
    is told to (`spark.task.maxFailures`).
    """
    from pyspark.sql import SparkSession

    builder = SparkSession.builder.appName("xentara_inspect lake decode")
    if master:
        builder = builder.master(master)
    if master.startswith("local"):
        os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # no option says that; workers are as we are
        for name, value in LOCAL.items():
            builder = builder.config(name, value)
    session = builder.getOrCreate()
    try:
        return sum(row.frames for row in decoded(task_frame(session, archive, lake, tasks)).collect())
    finally:
        session.stop()


def task_frame(session: SparkSession, archive: str, lake: str, tasks: Sequence[Task]) -> DataFrame:
    """Tasks as a DataFrame with `SCHEMA`, each in a partition of its own."""
    rows = [(archive, lake, list(task)) for task in tasks]
    return session.createDataFrame(session.sparkContext.parallelize(rows, max(1, len(rows))), SCHEMA)


def decoded(tasks: DataFrame) -> DataFrame:
    """The tasks of a DataFrame with `SCHEMA`, each with the frames that were decoded for it."""
    return tasks.mapInArrow(_decode, _DONE)


def _decode(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows: list[dict[str, Any]] = batch.to_pylist()
        frames = [decode(row["archive"], row["lake"], tuple(row["task"])) for row in rows]
        yield pa.record_batch([batch.column("task"), pa.array(frames, pa.int64())], names=["task", "frames"])
