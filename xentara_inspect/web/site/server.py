"""Datasette on recordings, on one socket, until somebody ends it."""

from __future__ import annotations

import contextlib
import inspect
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import uvicorn
from datasette.app import Datasette
from datasette.plugins import pm

from xentara_inspect.web.site.configuration import SETTINGS
from xentara_inspect.web.site.files import ServedFiles
from xentara_inspect.web.site.guard import guarded
from xentara_inspect.web.site.pages import Pages
from xentara_inspect.web.site.plugin import Plugin

_HERE: Final = Path(__file__).parent
_GRACE: Final = 1
"""Seconds that answers have when it ends."""
_PAUSE: Final = 2.0
"""Seconds from one look for other files to the next, while nobody asks."""


def serve(patterns: Sequence[str], listening: socket.socket) -> None:
    """Show databases in a browser until Ctrl-C or SIGTERM. Raises StoreError.

    patterns: which databases, also those that come meanwhile. listening: bound already.
    """
    with (
        contextlib.closing(listening),
        contextlib.closing(Pages(patterns)) as pages,
        _only(Plugin(pages)),
    ):
        files = ServedFiles(patterns)
        site = _datasette(files.told)
        files.serve_by(site)
        config = uvicorn.Config(
            guarded(site.app(), listening.getsockname(), files.look),
            log_level="critical",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_GRACE,
        )
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # uvicorn passes on what ended it
        with contextlib.suppress(KeyboardInterrupt), _now_and_then(files.look, pages.look):
            uvicorn.Server(config).run(sockets=[listening])


@contextlib.contextmanager
def _now_and_then(*looks: Callable[[], None]) -> Iterator[None]:
    """Look for files that came or went also while nobody asks for a page: what is open keeps its disk."""
    over = threading.Event()

    def go_on() -> None:
        while not over.wait(_PAUSE):
            for look in looks:
                look()

    thread = threading.Thread(target=go_on, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _datasette(told: dict[str, Any]) -> Datasette:
    """Datasette without databases. told: of configuration; what comes into it later counts too."""
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
    if "_memory" in site.databases:
        site.remove_database("_memory")
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
