"""The processes beside the proxy that it does not hand frames to: they decode, archive, and send spans."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xentara_inspect.archive.keeper import keep_archiving
from xentara_inspect.index.keeper import IndexerKeeper
from xentara_inspect.recorder.condition import tell
from xentara_inspect.store.supervision import Companion
from xentara_inspect.telemetry.keeper import keep_sending


def start_indexing(values: Mapping[str, Any], path: str, *, rotates: bool) -> IndexerKeeper | None:
    """Start the indexer, if there is to be one. values: of all options, by their names."""
    if not values["xentara_index"]:
        return None
    return IndexerKeeper(path, alone=not rotates, on_news=tell)


def start_archiving(values: Mapping[str, Any], path: str) -> Companion | None:
    """Start archiving, if that is wanted. It ends with the proxy. path: of the recording's first file."""
    if not values["xentara_archive"]:
        return None
    where, site, undecoded = values["xentara_archive"], values["xentara_site"], not values["xentara_index"]
    return keep_archiving(path, where, site, undecoded=undecoded, on_news=tell)


def start_sending(values: Mapping[str, Any], path: str) -> Companion | None:
    """Start to send exchanges that come from now on to a collector, if that is wanted. Raises StoreError.

    path: of the recording's first file, there or a later one.
    """
    return keep_sending(path, values["xentara_otlp"], on_news=tell) if values["xentara_otlp"] else None
