"""The mitmproxy add-on: hooks hand frames to the journal, and nothing else happens in them.

It must never break a connection: the hooks neither wait for the disk nor raise. Messages still come
after `done()`, so the journal stays open until the process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import logging
import os
import sys
import time
from collections.abc import Awaitable
from typing import Final

from mitmproxy import contentviews, ctx, http
from mitmproxy.addonmanager import Loader

from xentara_inspect.captures.flows import closing, is_xentara, path_of
from xentara_inspect.proxy import options
from xentara_inspect.proxy.beside import Beside
from xentara_inspect.proxy.content_view import Viewer, make_view
from xentara_inspect.proxy.health import HealthEndpoint, HealthError
from xentara_inspect.proxy.left_out import LeftOut
from xentara_inspect.proxy.live import Live
from xentara_inspect.proxy.memory import nobody_looks
from xentara_inspect.proxy.metrics import Passed, Recording
from xentara_inspect.proxy.option_texts import OptionError
from xentara_inspect.proxy.options import OPTIONS
from xentara_inspect.proxy.replays import Replays, is_replayed
from xentara_inspect.recorder.condition import tell
from xentara_inspect.store.chain import first_path, newest_file
from xentara_inspect.store.database import open_for_writing, readable_by_others
from xentara_inspect.store.errors import StoreError

logger: Final = logging.getLogger("xentara_inspect")

STOP_SECONDS: Final = 2.0
"""How long the end of the proxy may take, whatever it has to wait for."""

LOST: Final = 1
"""Exit code of the proxy where frames were lost, or could not be replayed."""


class XentaraRecorder:
    """Records the WebSocket connections with a Xentara server."""

    name = "xentara"

    def __init__(self) -> None:
        self._values = {option.name: option.parse(option.default) for option in OPTIONS}
        self.viewer = Viewer()
        self._is_shown = False
        self._failed = False
        self._trims = False
        self._beside: Beside | None = None
        self._live: Live | None = None
        self._health: HealthEndpoint | None = None
        self._left_out = LeftOut()
        self._path = ""
        self._stopping = 0.0
        self.passed = Passed()
        self._replays = Replays(self._values, self.passed)

    # Start

    def load(self, loader: Loader) -> None:
        """Declare the options and the content view."""
        self._check_values()
        for option in OPTIONS:
            loader.add_option(option.name, str, option.default, option.help)
        if not self._is_shown:  # else mitmproxy loads the script again: its file was written
            contentviews.add(make_view(self.viewer))
            self._is_shown = True

    def _check_values(self) -> None:
        """Refuse options of ours set twice or to nothing: mitmproxy would drop the add-on for them."""
        for option in OPTIONS:
            values = getattr(ctx.options.deferred.get(option.name), "val", None)
            if values is not None and len(values) != 1:
                given = f"{len(values)} values" if values else "no value"
                self._fail(f"{option.name} needs one value, not {given}")
                del ctx.options.deferred[option.name]

    def configure(self, updated: set[str]) -> None:
        """Read the options. What is wrong is logged: at start that ends mitmdump with exit code 1."""
        for option in OPTIONS:
            if option.name not in updated:
                continue
            try:
                value = options.parse(option.name, getattr(ctx.options, option.name))
            except OptionError as error:
                self._fail(str(error))
                continue
            is_news = value != self._values[option.name] and option.name != "xentara_filter"
            if is_news and self._live is not None:
                logger.error("%s cannot be changed while recording", option.name)
                continue
            self._values[option.name] = value
            if option.name == "xentara_names":
                self.viewer.name_elements(value)
        self._trims = nobody_looks()

    def running(self) -> None:
        """All options are known: reject those of ours that do not exist, and open the database."""
        for name in options.unknown_names(list(ctx.options.deferred)):
            known = ", ".join(option.name for option in OPTIONS)
            self._fail(f"unknown option {name}; there are {known}")
        if problem := options.contradiction(
            {option.name: getattr(ctx.options, option.name) for option in OPTIONS}
        ):
            self._fail(problem)
        self._start()

    def _fail(self, message: str) -> None:
        self._failed = True
        tell(logging.ERROR, message)

    def _start(self) -> Live | None:
        """Open the database once. With `-r`, messages may come before `running`."""
        if self._failed or self._live is not None:
            return self._live
        path = os.path.abspath(self._values["xentara_db"])
        # A replay goes into the one file that was named.
        rotation = None if ctx.options.rfile else options.rotation(self._values)
        if rotation is not None:
            path = first_path(path)
        self._path = path
        current = path if rotation is None else newest_file(path)
        try:
            if address := self._values["xentara_health"]:
                self._health = HealthEndpoint(*address)
            # The journal itself never complains of a database for good: it waits for it to get better.
            open_for_writing(current).close()
            self._beside = Beside(self._values, path, rotation)
        except (StoreError, HealthError) as error:
            self._fail(str(error))
            return None
        journal = self._beside.journal
        self._live = Live(journal, self._values, self.passed)
        atexit.register(self._finish)
        self._announce(current)
        if self._health is not None:
            self._health.serve(Recording(path, self.passed, journal, self._beside.indexer))
        # mitmproxy with all that it has loaded stays. Each look of the collector at it holds up all traffic
        # for 50 to 150 ms.
        gc.freeze()
        return self._live

    def _announce(self, path: str) -> None:
        if self._values["xentara_keep_secrets"]:
            logger.warning("xentara_inspect: passwords and tokens are recorded, as asked for")
        if mode := readable_by_others(path):
            logger.warning("xentara_inspect: %s can be read by others (its mode is %o)", path, mode)
        logger.info("xentara_inspect: recording into %s", path)

    # Traffic

    def websocket_start(self, flow: http.HTTPFlow) -> None:
        """A connection opens."""
        chosen = self._values["xentara_filter"]
        if not is_xentara(flow, chosen):
            if chosen is None:
                self._left_out.tell(path_of(flow))
            return
        if is_replayed(flow):
            return  # all of it is there at its end
        if (live := self._start()) is not None:
            live.open(flow)

    def websocket_message(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """A message passes. Where there is an awaitable, it goes on once that is done."""
        if self._live is None or flow.websocket is None or not self._live.is_recorded(flow):
            return None
        if self._trims:
            del flow.websocket.messages[:-1]
        return self._live.message(flow, flow.websocket.messages[-1])

    def websocket_end(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """A connection closed."""
        if self._live is not None and self._live.is_recorded(flow):
            self._live.end(flow)
            return None
        return self._replay(flow) if is_replayed(flow) else None

    def response(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """A request was answered, or never will be: record a connection that was refused."""
        if flow.websocket is not None:
            return None  # all of it is there, or comes at its end
        if is_replayed(flow):
            return self._replay(flow)
        end, chosen = closing(flow), self._values["xentara_filter"]
        if end is not None and is_xentara(flow, chosen) and (live := self._start()) is not None:
            live.refuse(flow, end)
        return None

    error = response

    def _replay(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        if not is_xentara(flow, self._values["xentara_filter"]) or self._start() is None:
            return None
        return self._replays.add(flow, self._path)

    # End

    def done(self) -> None:
        """Write what is there. More may come: the end is `_finish`, and what is loaded again goes on."""
        self._stopping = time.monotonic()
        if self._beside is not None:
            self._beside.journal.flush(STOP_SECONDS / 4)

    def _finish(self) -> None:
        """At the end of the process: close the journal, let the indexer and who sends spans finish.

        All go on by themselves where nobody waits for them any longer.
        """
        lost = 0
        with contextlib.suppress(KeyboardInterrupt):
            if self._beside is not None:
                lost = self._beside.journal.close(self._left(STOP_SECONDS))
                # A replay is not done until it can be asked about.
                waits, seconds = self._replays.are_there, self._values["xentara_finish"]
                self._beside.finish(lambda: None if waits else self._left(seconds))
            if self._health is not None:
                self._health.close()
        if lost or self._replays.failed:  # mitmproxy's log is closed, and its exit code settled but for this
            if lost:
                sys.stderr.write(f"xentara_inspect: {lost} frames were lost\n")
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(LOST)

    def _left(self, seconds: float) -> float:
        """What is left of the seconds that the end may take, but a little in any case."""
        return max(0.2, self._stopping + seconds * 0.75 - time.monotonic())


addons: Final = [XentaraRecorder()]
