"""Keeps the process running beside the proxy that sends exchanges to a collector."""

from __future__ import annotations

from typing import Final

from xentara_inspect.queries.databases import open_databases
from xentara_inspect.store.chain import newest_file
from xentara_inspect.store.supervision import Companion, Supervision, Tell

DONE: Final = 0
"""As a level of what the process reports: up to which frame all that ended is sent."""

ENDPOINT: Final = "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"
"""The variable with the URL: arguments can be seen by everybody on the machine."""

_MODULE: Final = "xentara_inspect.telemetry.process"


def keep_sending(path: str, url: str, *, on_news: Tell) -> Companion:
    """Send the exchanges of a recording that come from now on. Each process goes on where the last stopped.

    path: of the recording's first file, there or a later one. url: of `urls.traces_url`. on_news: as of
    `Companion`. Raises StoreError.
    """
    with open_databases([newest_file(path)]) as databases:
        done = databases.last_frame()

    def told(level: int, text: str) -> None:
        nonlocal done
        if level == DONE:
            done = int(text)
        else:
            on_news(level, text)

    supervision = Supervision("sending to the collector", "exchanges are recorded all the same")
    return Companion(_MODULE, lambda: [path, str(done)], supervision, told, **{ENDPOINT: url})
