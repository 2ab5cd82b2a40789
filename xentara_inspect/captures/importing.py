"""Flow files into the journal: which of their flows, and what became of them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from mitmproxy.flowfilter import TFilter

from xentara_inspect.captures import flows
from xentara_inspect.index.collecting import seldom_collecting
from xentara_inspect.store.importing import Importer


class Imported(NamedTuple):
    """What became of a file. added, skipped: frames, the skipped ones were there already.

    ignored: WebSocket connections that were not wanted. failures: a clear line each.
    """

    sessions: int
    added: int
    skipped: int
    ignored: int
    failures: list[str]


def import_flows(
    file: Path, importer: Importer, chosen: TFilter | None, progress: Callable[[int], None]
) -> Imported:
    """Put the flows of a file into the journal. What is wrong with a flow does not keep others out.

    chosen: which flows; None for those of Xentara. progress: is told how many bytes are read. Raises
    StoreError.
    """
    with seldom_collecting():
        return _import_flows(file, importer, chosen, progress)


def _import_flows(
    file: Path, importer: Importer, chosen: TFilter | None, progress: Callable[[int], None]
) -> Imported:
    added = skipped = sessions = ignored = 0
    failures = []
    try:
        for flow in flows.read_flows(file, progress):
            if not flows.is_xentara(flow, chosen):
                ignored += 1
                continue
            try:
                conversation = flows.recording_of(flow, file.name)
            except flows.FlowFileError as error:
                failures.append(str(error))
                continue
            result = importer.add(*conversation, flows.request_secrets(flow))
            sessions += 1
            added += result.added
            skipped += result.skipped
    except flows.FlowFileError as error:
        failures.append(str(error))
    return Imported(sessions, added, skipped, ignored, failures)
