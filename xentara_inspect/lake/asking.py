"""Questions in SQL to a lake, by DuckDB: one view a table, as if all had been recorded on one machine."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any, Final

import duckdb
import pyarrow as pa

from xentara_inspect.archive.errors import ArchiveError
from xentara_inspect.archive.place import Place
from xentara_inspect.lake.tables import TABLES
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.queries.values import Row, iso_time

_ROWS: Final = 1000

VIEWS: Final[dict[str, str]] = {
    # A request that a later file answered is pending in its own one, and whole in that: on the same day.
    "exchanges": """
        SELECT * FROM parts_of_exchanges x WHERE status <> 'pending' OR NOT EXISTS (
          SELECT 1 FROM parts_of_exchanges later WHERE later.site = x.site AND later.date = x.date
            AND later.chain = x.chain AND later.id = x.id AND later.part > x.part)""",
    "events": "SELECT * FROM parts_of_events",
    # The answer to a write says what became of it, wherever it stands.
    "readings": """
        SELECT r.* REPLACE (
                 coalesce(r.error_code, w.error_code) AS error_code, coalesce(r.error, w.error) AS error),
               coalesce(r.value_text, CAST(r.value_int AS VARCHAR), CAST(r.value_num AS VARCHAR)) AS value
        FROM parts_of_readings r
        LEFT JOIN (SELECT a.site, a.date, a.chain, a.id, b.error_code, b.error
                   FROM parts_of_exchanges a JOIN parts_of_exchanges b ON b.site = a.site
                     AND b.date = a.date AND b.chain = a.chain AND b.id = a.id AND b.part > a.part
                   WHERE a.status = 'pending' AND b.error_code IS NOT NULL) w
          ON r.origin = 'write' AND w.site = r.site AND w.date = r.date AND w.chain = r.chain
            AND w.id = r.packet_id""",
    "findings": "SELECT * FROM parts_of_findings",
    "malformed": "SELECT * FROM parts_of_malformed",
    "sessions": """
        SELECT id, arg_min(client, part) AS client, arg_min(server, part) AS server,
               arg_min(path, part) AS path, arg_min(subprotocol, part) AS subprotocol,
               arg_min("user", part) AS "user",
               arg_min(user_from, part) AS user_from, arg_min(user_agent, part) AS user_agent,
               arg_min(origin, part) AS origin, min(opened) AS opened, max(closed) AS closed,
               arg_max(close_code, part) AS close_code, arg_max(close_reason, part) AS close_reason,
               arg_max(closed_by, part) AS closed_by, arg_max(refused, part) AS refused,
               arg_min(source, part) AS source, CAST(sum(dropped) AS BIGINT) AS dropped,
               CAST(sum(frames) AS BIGINT) AS frames, CAST(sum(requests) AS BIGINT) AS requests,
               CAST(sum(errors) AS BIGINT) AS errors, CAST(sum(events) AS BIGINT) AS events,
               CAST(sum(findings) AS BIGINT) AS findings, site, min(date) AS date, recorder, chain
        FROM parts_of_sessions GROUP BY site, recorder, chain, id""",
    # One that goes on is in each file that it goes on in; the last one knows how it ended.
    "subscriptions": """
        SELECT s.*, CASE WHEN uuid IS NULL THEN 'refused' WHEN closed IS NULL THEN 'open' ELSE 'closed' END
               AS status
        FROM parts_of_subscriptions s WHERE part = (
          SELECT max(part) FROM parts_of_subscriptions l
          WHERE l.site = s.site AND l.chain = s.chain AND l.id = s.id)""",
    "attributes": """
        SELECT element, attribute_id, arg_max(name, part) AS name, arg_max(access, part) AS access,
               arg_max(data_type, part) AS data_type, site, recorder, chain
        FROM parts_of_attributes GROUP BY site, recorder, chain, element, attribute_id""",
    "elements": """
        SELECT uuid, arg_max(primary_key, part) FILTER (primary_key IS NOT NULL) AS primary_key,
               arg_max(category, part) FILTER (category IS NOT NULL) AS category,
               arg_max(learned_from, part) AS learned_from, site, recorder, chain
        FROM parts_of_elements GROUP BY site, recorder, chain, uuid""",
}
"""SQL of each table, out of what the parts of its recordings have."""


class Lake:
    """A lake, opened to be asked."""

    def __init__(self, where: str) -> None:
        """where: a directory or a URI. Raises ArchiveError."""
        place = Place(where)
        self._connection = duckdb.connect()
        there = {name for name in TABLES if place.files(name)}
        if not there:
            raise ArchiveError(f"{where}: no tables of a lake here")
        for name in TABLES:
            self._add(name, place if name in there else None)
        for name, sql in VIEWS.items():
            self._connection.execute(f"CREATE VIEW {name} AS {sql}")
        self._connection.execute("SET autoinstall_known_extensions = false")

    def close(self) -> None:
        """Leave the lake."""
        self._connection.close()

    def ask(self, sql: str) -> Iterator[Row]:
        """The rows of an answer as they come: values by the names of columns. Raises QuestionError."""
        try:
            answer = self._connection.sql(sql)
            for batch in answer.to_arrow_reader(_ROWS) if answer is not None else ():
                columns = map(_values, batch.columns)
                for row in zip(*columns, strict=True):
                    yield dict(zip(batch.schema.names, row, strict=True))
        except duckdb.Error as error:
            raise QuestionError(" ".join(str(error).split())) from None

    def _add(self, name: str, place: Place | None) -> None:
        """Make known what the files of a table have; with place None there are none."""
        view = f"parts_of_{name}"
        if place is None:
            path = pa.schema([("date", pa.date32()), ("site", pa.string())])
            self._connection.register(view, pa.unify_schemas([TABLES[name].schema, path]).empty_table())
        elif place.is_local:
            pattern = place.path_of(f"{name}/*/*/*.parquet").replace("'", "''")
            self._connection.execute(
                f"CREATE VIEW {view} AS SELECT * FROM"  # noqa: S608 - names of ours
                f" read_parquet('{pattern}', hive_partitioning = true,"
                " hive_types = {'site': VARCHAR, 'date': DATE})"
            )
        else:
            self._connection.register(view, place.dataset(name))


def _values(column: pa.Array) -> list[Any]:
    """The values of a column as lists have them: times in ISO 8601 with nanoseconds, bytes in hex."""
    if pa.types.is_timestamp(column.type):
        nanoseconds = column.cast(pa.timestamp("ns", column.type.tz)).cast(pa.int64()).to_pylist()
        return [None if value is None else iso_time(value) for value in nanoseconds]
    values: list[Any] = column.to_pylist()
    return [
        value.hex() if isinstance(value, bytes) else value.isoformat() if isinstance(value, date) else value
        for value in values
    ]
