"""Datasette on recordings, on one socket, until somebody ends it."""

from __future__ import annotations

import contextlib
import inspect
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm

from xentara_inspect.queries.databases import Databases
from xentara_inspect.web.site.configuration import SETTINGS, configuration
from xentara_inspect.web.site.files import RecordedFile
from xentara_inspect.web.site.guard import guarded
from xentara_inspect.web.site.pages import Pages
from xentara_inspect.web.site.plugin import Plugin

_HERE: Final = Path(__file__).parent
_GRACE: Final = 1
"""Seconds that answers have when it ends."""


def serve(databases: Databases, patterns: Sequence[str], listening: socket.socket) -> None:
    """Show databases in a browser until Ctrl-C or SIGTERM. Raises StoreError.

    databases: those that are there; each file is opened anew. patterns: what they were asked for by, so that
    pages of ours see the next files too. listening: bound already.
    """
    with (
        contextlib.closing(listening),
        contextlib.closing(Pages(patterns)) as pages,
        _only(Plugin(pages)),
    ):
        site = _datasette(databases)
        config = uvicorn.Config(
            guarded(site.app(), listening.getsockname()),
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        uvicorn.Server(config).run(sockets=[listening])


def _datasette(databases: Databases) -> Datasette:
    told = configuration({file.label: file.connection for file in databases.files})
    given: dict[str, Any] = {"metadata": told}
    if "config" in inspect.signature(Datasette).parameters:  # from 1.0 on
        queries = {name: {"queries": about["queries"]} for name, about in told["databases"].items()}
        given["config"] = {"databases": queries}
    site = Datasette(
        settings=SETTINGS,
        template_dir=str(_HERE / "templates"),
        static_mounts=[
            ("-/xentara/styles", str(_HERE.parent / "styles")),
            ("-/xentara", str(_HERE / "static")),
        ],
        **given,
    )
    for name in site.databases:
        if name == "_memory":
            site.remove_database(name)
    for file in databases.files:
        site.add_database(RecordedFile(site, file.path), name=file.label)
    return site


@contextlib.contextmanager
def _only(ours: Plugin) -> Iterator[None]:
    """No plugin but Datasette's own and ours: what else is installed here was made for other pages.

    Where rich is installed, as it is here, Datasette prints a traceback for each address that is mistyped.
    """
    pm.get_plugin("datasette.handle_exception").rich = None
    others = [(name, plugin) for plugin, found in pm.list_plugin_distinfo() for name in [pm.get_name(plugin)]]
    for name, _ in others:
        pm.unregister(name=name)
    pm.register(ours)
    try:
        yield
    finally:
        pm.unregister(ours)
        for name, plugin in others:
            pm.register(plugin, name=name)
