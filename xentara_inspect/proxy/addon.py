"""The mitmproxy add-on: hooks hand frames to the journal, and nothing else happens in them.

It must never break a connection: the hooks neither wait for the disk nor raise. Messages still come
after `done()`, so the journal stays open until the process ends.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Final

from mitmproxy import contentviews, ctx, http
from mitmproxy.addonmanager import Loader
from mitmproxy.websocket import WebSocketMessage

from xentara_inspect.captures.flows import (
    closing,
    is_xentara,
    message_frame,
    path_of,
    request_secrets,
    session_info,
)
from xentara_inspect.frames import LIVE, Frame
from xentara_inspect.proxy import options
from xentara_inspect.proxy.beside import Beside
from xentara_inspect.proxy.content_view import Viewer, make_view
from xentara_inspect.proxy.health import HealthEndpoint, HealthError
from xentara_inspect.proxy.holding import Gate
from xentara_inspect.proxy.left_out import LeftOut
from xentara_inspect.proxy.memory import nobody_looks
from xentara_inspect.proxy.metrics import Passed, Recording
from xentara_inspect.proxy.option_texts import OptionError
from xentara_inspect.proxy.options import OPTIONS
from xentara_inspect.proxy.relay import Brakes
from xentara_inspect.proxy.replays import Replays, is_replayed
from xentara_inspect.recorder.aside import Prepared, look_through, takes_long
from xentara_inspect.recorder.condition import tell
from xentara_inspect.recorder.keeper import JournalKeeper
from xentara_inspect.store.chain import first_path, newest_file
from xentara_inspect.store.cutting import cut, too_large
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
        self._failed = False
        self._trims = False
        self._beside: Beside | None = None
        self._journal: JournalKeeper | None = None
        self._health: HealthEndpoint | None = None
        self._sessions: dict[str, int] = {}
        self._gate = Gate()
        self._brakes = Brakes()
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
        contentviews.add(make_view(self.viewer))

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
            if is_news and self._journal is not None:
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

    def _start(self) -> JournalKeeper | None:
        """Open the database once. With `-r`, messages may come before `running`."""
        if self._failed or self._journal is not None:
            return self._journal
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
        self._journal = self._beside.journal
        atexit.register(self._finish)
        self._announce(current)
        if self._health is not None:
            self._health.serve(Recording(path, self.passed, self._journal, self._beside.indexer))
        # mitmproxy with all that it has loaded stays. Each look of the collector at it holds up all traffic
        # for 50 to 150 ms.
        gc.freeze()
        return self._journal

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
        session = self._open(flow)
        if session is not None:
            self._sessions[flow.id] = session
            self.passed.open = len(self._sessions)

    def _open(self, flow: http.HTTPFlow) -> int | None:
        journal = self._start()
        if journal is None:
            return None
        self.passed.sessions += 1
        try:
            return journal.open_session(session_info(flow, LIVE), request_secrets(flow))
        except OSError as error:
            tell(logging.ERROR, f"a connection is not recorded: {error.strerror}")
            return None

    def websocket_message(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """A message passes. Where there is an awaitable, it goes on once that is done."""
        waiting = self._record(flow)
        return None if waiting is None else self._brakes.wait(flow, waiting)

    def _record(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        session = self._sessions.get(flow.id)
        if session is None or self._journal is None or flow.websocket is None:
            return None
        message = flow.websocket.messages[-1]
        frame = message_frame(message)
        self.passed.count(frame)
        if self._trims:
            del flow.websocket.messages[:-1]
        why = too_large(len(frame.payload), self._values["xentara_max_frame"])
        if why is not None:
            return self._record_aside(flow, message, frame, lambda: Prepared(*cut(frame, why)))
        if takes_long(frame) and not self._values["xentara_keep_secrets"]:
            return self._record_aside(flow, message, frame, lambda: look_through(frame))
        committed = self._journal.append(session, frame)
        return None if committed is None else self._hold(flow, message, committed)

    async def _record_aside(
        self, flow: http.HTTPFlow, message: WebSocketMessage, frame: Frame, prepare: Callable[[], Prepared]
    ) -> None:
        """Record a frame that takes long to read. Others pass while it is read."""
        session, journal = self._sessions[flow.id], self._journal
        assert journal is not None  # noqa: S101 - the session is one of it
        try:
            prepared = await asyncio.to_thread(prepare)
        except asyncio.CancelledError:  # the proxy ends
            journal.append(session, *prepare())
            raise
        except (RuntimeError, MemoryError):  # there is no room for a thread, or for what it has found
            prepared = Prepared(*cut(frame, "there was no memory to look for secrets in it"))
        committed = journal.append(session, *prepared)
        if committed is not None:
            await self._hold(flow, message, committed)

    def _hold(
        self, flow: http.HTTPFlow, message: WebSocketMessage, committed: asyncio.Future[None]
    ) -> Awaitable[None]:
        return self._gate.hold(flow, message, committed, self._values["xentara_durable_wait"])

    def websocket_end(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """A connection closed."""
        session = self._sessions.pop(flow.id, None)
        if session is None and is_replayed(flow):
            return self._replay(flow)
        self.passed.open = len(self._sessions)
        end = closing(flow)
        if session is not None and self._journal is not None and end is not None:
            self._journal.close_session(session, self._gate.closing(flow, end))
        return None

    def response(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        """A request was answered, or never will be: record a connection that was refused."""
        if is_replayed(flow):
            return self._replay(flow) if flow.websocket is None else None
        end = closing(flow)
        if flow.websocket is None and end is not None and is_xentara(flow, self._values["xentara_filter"]):
            session = self._open(flow)
            if session is not None and self._journal is not None:
                self.passed.failed += 1
                self._journal.close_session(session, end)
        return None

    error = response

    def _replay(self, flow: http.HTTPFlow) -> Awaitable[None] | None:
        if not is_xentara(flow, self._values["xentara_filter"]) or self._start() is None:
            return None
        return self._replays.add(flow, self._path)

    # End

    def done(self) -> None:
        """Write what is there. More may come: the end is `_finish`."""
        self._stopping = time.monotonic()
        if self._health is not None:
            self._health.close()
        if self._journal is not None:
            self._journal.flush(STOP_SECONDS / 4)

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
