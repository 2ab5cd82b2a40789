"""An exchange as a span, by OpenTelemetry's conventions for RPC.

https://opentelemetry.io/docs/specs/semconv/rpc/rpc-spans/ (release candidate): what is no convention there
has a name of ours, `xentara.…`.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import Final

from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, OTELResourceDetector, Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from xentara_inspect._version import __version__
from xentara_inspect.frames import host_and_port
from xentara_inspect.queries.values import Row
from xentara_inspect.traffic import records

_SYSTEM: Final = "xentara"
_UNKNOWN: Final = "_OTHER"  # by the conventions
_OK: Final = records.Status.OK
_TRACE_BYTES: Final = 16
_SPAN_BYTES: Final = 8
_SCOPE: Final = InstrumentationScope("xentara_inspect", __version__)

Attributes = dict[str, str | int]


def resource() -> Resource:
    """Who tells: this program, unless OTEL_SERVICE_NAME or OTEL_RESOURCE_ATTRIBUTES say otherwise."""
    ours = Resource({SERVICE_NAME: "xentara-inspect", SERVICE_VERSION: __version__})
    return ours.merge(OTELResourceDetector().detect())


def span(row: Row, who: Resource) -> ReadableSpan:
    """The span of a row of `queries.ended`: a trace of its own, with the same ids whenever it is made.

    It is of the kind `client`: that of the call as it left here for the server. who: of `resource`.
    """
    command = row["command"]
    return ReadableSpan(
        name=f"{_SYSTEM}/{command}" if command else _SYSTEM,
        context=_context(row),
        resource=who,
        attributes=_attributes(row),
        kind=SpanKind.CLIENT,
        instrumentation_scope=_SCOPE,
        status=Status(StatusCode.UNSET if row["status"] == _OK else StatusCode.ERROR),
        start_time=row["began"],
        end_time=row["ended"],
    )


def _context(row: Row) -> SpanContext:
    name = f"{row['connection']} {row['id']}".encode()
    digest = blake2b(name, digest_size=_TRACE_BYTES + _SPAN_BYTES).digest()
    return SpanContext(
        int.from_bytes(digest[:_TRACE_BYTES]),
        int.from_bytes(digest[_TRACE_BYTES:]),
        is_remote=False,
        trace_flags=TraceFlags(TraceFlags.SAMPLED),
    )


def _attributes(row: Row) -> Attributes:
    """What is said of an exchange; what is not known is left out."""
    said = {
        "rpc.system.name": _SYSTEM,
        **_method(row),
        **_failure(row),
        **_peer("server", row["server"]),
        **_peer("client", row["client"]),
        "network.protocol.name": "websocket",
        "network.transport": "tcp",
        "xentara.id": row["id"],
        "xentara.session": row["session"],
        "xentara.message_id": row["message_id"],
        "xentara.element": row["element"],
    }
    return {key: value for key, value in said.items() if value is not None}


def _method(row: Row) -> Attributes:
    if row["command"]:
        return {"rpc.method": row["command"]}
    if row["opcode"] is not None:
        return {"rpc.method": _UNKNOWN, "rpc.method_original": str(row["opcode"])}
    return {}  # a response that nobody asked for


def _failure(row: Row) -> Attributes:
    if row["status"] == _OK:
        return {}
    if row["error_code"] is None:
        return {"error.type": str(row["status"])}
    code = str(row["error_code"])
    return {"rpc.response.status_code": code, "error.type": row["error_name"] or code}


def _peer(side: str, address: str | None) -> Attributes:
    if address is None:
        return {}
    host, port = host_and_port(address)
    return {f"{side}.address": host, **({f"{side}.port": port} if port else {})}
