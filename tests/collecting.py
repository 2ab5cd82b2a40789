"""A collector that keeps what it gets, read by OpenTelemetry's own messages, and a real one."""

from __future__ import annotations

import contextlib
import gzip
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from threading import Thread
from typing import Any, Self
from urllib.request import Request, urlopen

import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from tests.live import Process, wait_until

Answer = tuple[int, dict[str, str], bytes]
"""Status, headers, body."""

TAKEN: Answer = (200, {}, ExportTraceServiceResponse().SerializeToString())


class Receiver:
    """Takes spans at `url`. answers: what is answered next, in order; behind these, and at first, `TAKEN`.

    spans: of requests that were answered by 200. services: what told them. requests: path and headers of all.
    """

    def __init__(self, port: int = 0) -> None:
        self.answers: list[Answer] = []
        self.spans: list[Span] = []
        self.services: list[dict[str, Any]] = []
        self.requests: list[tuple[str, dict[str, str]]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                headers = {key.lower(): value for key, value in self.headers.items()}
                receiver.requests.append((self.path, headers))
                status, given, answer = receiver.answers.pop(0) if receiver.answers else TAKEN
                if status == 200:
                    zipped = headers.get("content-encoding") == "gzip"
                    receiver.take(gzip.decompress(body) if zipped else body)
                self.send_response(status)
                for key, value in {**given, "content-length": str(len(answer))}.items():
                    self.send_header(key, value)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                """Nobody reads it."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.05,))
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"

    def take(self, body: bytes) -> None:
        for told in ExportTraceServiceRequest.FromString(body).resource_spans:
            self.services.append(attributes(told.resource.attributes))
            self.spans += [span for scope in told.scope_spans for span in scope.spans]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def attributes(pairs: Any) -> dict[str, Any]:
    """What a span or a resource says of itself."""
    said: dict[str, Any] = {}
    pair: KeyValue
    for pair in pairs:
        assert pair.key not in said
        said[pair.key] = getattr(pair.value, str(pair.value.WhichOneof("value")))
    return said


def by_id(spans: list[Span]) -> dict[str, Span]:
    """Spans by the exchange that they are of."""
    found = {attributes(span.attributes)["xentara.id"]: span for span in spans}
    assert len(found) == len(spans)
    return found


@contextlib.contextmanager
def collector(folder: Path, behind: Receiver) -> Iterator[str]:
    """The URL of a real collector (Rotel), which hands on what it gets.

    Its program needs Python as a shared library, which not every interpreter comes with: then skips.
    """
    here, other = free_port(), free_port()
    arguments = {
        "pid-file": folder / "rotel.pid",
        "log-file": folder / "rotel.log",
        "otlp-grpc-endpoint": f"127.0.0.1:{other}",
        "otlp-http-endpoint": f"127.0.0.1:{here}",
        "exporter": "otlp",
        "otlp-exporter-endpoint": behind.url,
        "otlp-exporter-protocol": "http",
    }
    given = [str(part) for name, value in arguments.items() for part in (f"--{name}", value)]
    url = f"http://127.0.0.1:{here}"
    with Process([str(files("rotel") / "rotel-agent"), "start", *given]) as running:
        wait_until(lambda: running.child.poll() is not None or _answers(url), "a collector that listens")
        if running.child.poll() is not None:
            running.wait()
            assert "loading shared libraries: libpython" in running.output, running.output
            pytest.skip("the collector finds no libpython")
        yield url
        running.stop()


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as server:
        return server.server_port


def _answers(url: str) -> bool:
    try:
        with urlopen(Request(f"{url}/v1/traces", b"", {"content-type": "application/x-protobuf"})) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
