"""The processes beside the proxy that it does not hand frames to: they decode, and archive."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from xentara_inspect.archive.keeper import ArchiveKeeper
from xentara_inspect.index.keeper import IndexerKeeper
from xentara_inspect.recorder.condition import tell


def start_indexing(values: Mapping[str, Any], path: str, *, rotates: bool) -> IndexerKeeper | None:
    """Start the indexer, if there is to be one. values: of all options, by their names."""
    if not values["xentara_index"]:
        return None
    return IndexerKeeper(path, alone=not rotates, on_news=tell)


def start_archiving(values: Mapping[str, Any], path: str) -> None:
    """Start archiving, if that is wanted. It ends with the proxy. path: of the recording's first file."""
    if values["xentara_archive"]:
        ArchiveKeeper(
            path,
            values["xentara_archive"],
            values["xentara_site"],
            undecoded=not values["xentara_index"],
            on_news=tell,
        )
