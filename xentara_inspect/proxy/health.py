"""`/healthz` and `/metrics` by HTTP, on threads of their own: whoever asks holds up no traffic."""

from __future__ import annotations

import json
import logging
import threading
from collections.abc import Callable, Iterable
from http import HTTPStatus
from socket import AF_INET6
from socketserver import TCPServer, ThreadingMixIn
from typing import TYPE_CHECKING, Any, Final
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from xentara_inspect.frames import endpoint
from xentara_inspect.proxy.metrics import Collector, Recording
from xentara_inspect.recorder.condition import tell

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

_SLOWEST: Final = 5  # seconds that somebody may take to ask
_POLL: Final = 0.1  # seconds that the end may have to wait


class HealthError(Exception):
    """It cannot be told how the recording is. One clear line."""


class HealthEndpoint:
    """Answers once there is a recording to ask about."""

    def __init__(self, host: str, port: int) -> None:
        """port: 0 for a free one. Raises HealthError."""
        try:
            import prometheus_client
        except ModuleNotFoundError:
            needed = "prometheus-client, which is not installed: pip install 'xentara-inspect[health]'"
            raise HealthError(f"xentara_health needs {needed}") from None
        self._prometheus: Any = prometheus_client
        kind = _Server6 if ":" in host else _Server
        try:
            self._server = make_server(host, port, _not_yet, kind, _Handler)
        except (OSError, UnicodeError, OverflowError) as error:
            why = getattr(error, "strerror", None) or str(error)
            raise HealthError(
                f"xentara_health: cannot listen on {endpoint(host, port)}: {why.lower()}"
            ) from None
        self._address = endpoint(host, self._server.server_port)
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(_POLL,), name="xentara-health", daemon=True
        )

    def serve(self, recording: Recording) -> None:
        """Begin to answer."""
        registry = self._prometheus.CollectorRegistry(auto_describe=False)
        registry.register(Collector(recording))
        self._server.set_app(_application(recording, self._prometheus.make_wsgi_app(registry)))
        self._thread.start()
        tell(logging.INFO, f"/healthz and /metrics answer at http://{self._address}")

    def close(self) -> None:
        """Stop listening; somebody else may then."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()


def _application(recording: Recording, metrics: WSGIApplication) -> WSGIApplication:
    def answer(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _say(environ, start_response, HTTPStatus.METHOD_NOT_ALLOWED, {"status": "only GET"})
        if environ["PATH_INFO"] == "/metrics":
            return metrics(environ, start_response)
        if environ["PATH_INFO"] != "/healthz":
            return _say(environ, start_response, HTTPStatus.NOT_FOUND, {"there is": ["/healthz", "/metrics"]})
        reasons = recording.troubles()
        status = HTTPStatus.SERVICE_UNAVAILABLE if reasons else HTTPStatus.OK
        said = {"status": "unhealthy" if reasons else "healthy", "reasons": reasons}
        return _say(environ, start_response, status, said)

    return answer


def _say(
    environ: WSGIEnvironment, start_response: StartResponse, status: HTTPStatus, said: dict[str, Any]
) -> Iterable[bytes]:
    body = json.dumps(said).encode() + b"\n"
    start_response(
        f"{status.value} {status.phrase}",
        [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            ("Cache-Control", "no-store"),
        ],
    )
    return [b"" if environ["REQUEST_METHOD"] == "HEAD" else body]


def _not_yet(_environ: WSGIEnvironment, _start_response: Callable[..., Any]) -> Iterable[bytes]:
    raise AssertionError("nobody is answered before `serve`")


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def server_bind(self) -> None:
        # That of WSGIServer would ask the DNS who we are, and wait for it.
        TCPServer.server_bind(self)
        self.server_name, self.server_port = self.server_address[:2]  # type: ignore[assignment]
        self.setup_environ()

    def handle_error(self, _request: Any, _client_address: Any) -> None:
        """Somebody left in the middle: that is nobody's trouble."""


class _Server6(_Server):
    address_family = AF_INET6


class _Handler(WSGIRequestHandler):
    timeout = _SLOWEST

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 - its name
        """Who asks, and how often, is not worth a line."""
