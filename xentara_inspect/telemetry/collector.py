"""A collector that takes spans by OTLP: HTTP and protobuf.

Headers, certificates, compression and time-outs are what the environment says (OTEL_EXPORTER_OTLP_HEADERS and
its kin): the library reads them, and tries again for some seconds where that may help.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from itertools import islice
from typing import Any, Final

import requests
from google.protobuf.message import DecodeError
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from opentelemetry.sdk.trace.export import SpanExportResult

from xentara_inspect.escape import safe
from xentara_inspect.queries.values import Row
from xentara_inspect.telemetry.spans import resource, span
from xentara_inspect.telemetry.urls import shown

_BATCH: Final = 512  # spans in a request, as many as the SDK's own processor puts into one
_NEVER: Final = {
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
}

# What the library logs may tell a URL with a password; what matters of it is in our errors.
logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
logging.getLogger("opentelemetry").propagate = False


class CollectorError(Exception):
    """A collector cannot be reached, or does not take what it is sent. One clear line.

    lost: how many of what was sent it will never take.
    """

    def __init__(self, url: str, why: str, *, lost: int = 0) -> None:
        super().__init__(f"{safe(shown(url))}: {safe(why)}")
        self.lost = lost


class Collector:
    """Sends exchanges to a collector."""

    def __init__(self, url: str) -> None:
        """url: of `urls.traces_url`."""
        self._url = url
        self._session = _Session()
        self._exporter = OTLPSpanExporter(endpoint=url, session=self._session)
        self._resource = resource()

    def send(self, rows: Iterable[Row]) -> Iterator[int]:
        """Send rows of `queries.ended` as spans; tells how many were taken, each time. Raises CollectorError.

        Holds no more of them than one request has.
        """
        left = iter(rows)
        while batch := list(islice(left, _BATCH)):
            result = self._exporter.export([span(row, self._resource) for row in batch])
            if why := self._session.problem:
                raise CollectorError(self._url, why, lost=len(batch) * (self._session.status in _NEVER))
            if result is not SpanExportResult.SUCCESS:
                raise CollectorError(self._url, "cannot be asked")
            if why := _left_out(self._session.answer):
                raise CollectorError(self._url, why, lost=len(batch))
            yield len(batch)

    def close(self) -> None:
        """Send nothing more."""
        self._exporter.shutdown()


class _Session(requests.Session):
    """What came of the last request, which the library only tells as a text in a log.

    status: of the answer, 0 where there was none. answer: its body. problem: why it is no success, in words.
    """

    def __init__(self) -> None:
        super().__init__()
        self.status = 0
        self.answer = b""
        self.problem = ""

    def send(self, request: requests.PreparedRequest, **options: Any) -> requests.Response:
        self.status, self.answer = 0, b""
        try:
            # Behind a redirection a POST becomes a GET, which a collector would never see the spans of.
            response = super().send(request, **options | {"allow_redirects": False})
        except requests.RequestException as error:
            self.problem = _why(error)
            raise
        self.status, self.answer = response.status_code, response.content
        self.problem = "" if response.status_code == HTTPStatus.OK else _answered(response)
        return response


def _answered(response: requests.Response) -> str:
    return f"it answers {response.status_code} {response.reason}".rstrip()


def _why(error: BaseException) -> str:
    """Why there is no answer: what the system said, at the bottom of what libraries made of it."""
    if isinstance(error, requests.Timeout):
        return "no answer in time"
    reason = "no answer"
    below: BaseException | None = error
    while below is not None:
        if isinstance(below, OSError) and below.strerror:
            reason = below.strerror.lower()
        below = below.__cause__ or below.__context__
    return reason


def _left_out(answer: bytes) -> str:
    """What a collector did not take, though it took the request; empty for nothing."""
    try:
        partial = ExportTraceServiceResponse.FromString(answer).partial_success
    except DecodeError:
        return ""  # whatever that is, it said 200
    if not partial.rejected_spans:
        return ""
    return f"it did not take {partial.rejected_spans} spans: {partial.error_message or 'it says not why'}"
