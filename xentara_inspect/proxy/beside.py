"""The processes beside the proxy: they write, decode, archive, and send spans."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from xentara_inspect.archive.keeper import keep_archiving
from xentara_inspect.index.keeper import IndexerKeeper
from xentara_inspect.proxy import options
from xentara_inspect.recorder.condition import tell
from xentara_inspect.recorder.keeper import JournalKeeper
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.recorder.wire import Settings
from xentara_inspect.store.errors import StoreError
from xentara_inspect.store.supervision import Companion
from xentara_inspect.telemetry.keeper import keep_sending


def start_writing(
    values: Mapping[str, Any], path: str, rotation: Rotation | None, beside: Callable[[], list[str]]
) -> JournalKeeper:
    """Start the process that writes. path: of the recording's first file. beside: what else is wrong.

    values: of all options, by their names. Raises StoreError.
    """
    settings = Settings(
        path,
        durable=values["xentara_durable"],
        keep_secrets=values["xentara_keep_secrets"],
        notation=values["xentara_notation"],
        names=values["xentara_names"],
        rotation=rotation,
        retention=options.retention(values),
    )
    try:
        return JournalKeeper(settings, asyncio.get_running_loop(), beside=beside)
    except OSError as error:
        raise StoreError(f"there is no memory for what passes: {error.strerror}") from error


def start_indexing(values: Mapping[str, Any], path: str, *, rotates: bool) -> IndexerKeeper | None:
    """Start the indexer, if there is to be one."""
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
