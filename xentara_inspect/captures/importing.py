"""Other people's captures into the journal: which of their connections, and what became of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from mitmproxy.http import HTTPFlow

from xentara_inspect.captures import flows
from xentara_inspect.captures.flows import CaptureError, Other
from xentara_inspect.captures.kinds import Kind, kind_of
from xentara_inspect.captures.pcap import read_pcap
from xentara_inspect.index.collecting import seldom_collecting
from xentara_inspect.store.importing import Importer

if TYPE_CHECKING:
    from mitmproxy.flowfilter import TFilter

Progress = Callable[[int], None]
"""Is told how many bytes are read."""

_Read = Iterator[HTTPFlow | Other | CaptureError]


class Imported(NamedTuple):
    """What became of a file. added, skipped: frames, the skipped ones were there already.

    others: what else there was, and how many. failures: a clear line each.
    """

    sessions: int
    added: int
    skipped: int
    others: Counter[str]
    failures: list[str]


def import_capture(
    file: Path,
    importer: Importer,
    chosen: TFilter | None,
    progress: Progress,
    keys: Path | None = None,
) -> Imported:
    """Put the connections of a file into the journal. What is wrong with one does not keep others out.

    chosen: which connections; None for those of Xentara. keys: a file of the secrets of TLS, for packet
    captures. Raises StoreError.
    """
    with seldom_collecting():
        return _import(file, importer, chosen, progress, keys)


def _reading(file: Path, progress: Progress, keys: Path | None) -> _Read:
    match kind_of(file):
        case Kind.FLOWS:
            return flows.read_flows(file, progress)
        case Kind.PACKETS:
            return read_pcap(file, progress, keys)
        case Kind.HAR:
            from xentara_inspect.captures.har import read_har  # slow: it brings mitmproxy's filters

            return read_har(file, progress)


def _import(
    file: Path, importer: Importer, chosen: TFilter | None, progress: Progress, keys: Path | None
) -> Imported:
    added = skipped = sessions = 0
    others: Counter[str] = Counter()
    failures = []
    try:
        for flow in _reading(file, progress, keys):
            if isinstance(flow, CaptureError):
                failures.append(str(flow))
            elif isinstance(flow, Other):
                others[flow.what] += 1
            elif not flows.is_xentara(flow, chosen):
                others["other WebSocket connection"] += 1
            else:
                try:
                    info, frames, closing = flows.recording_of(flow, file.name)
                except CaptureError as error:
                    failures.append(str(error))
                    continue
                result = importer.add(info, frames, closing, flows.request_secrets(flow))
                sessions += 1
                added += result.added
                skipped += result.skipped
    except CaptureError as error:
        failures.append(str(error))
    return Imported(sessions, added, skipped, others, failures)
