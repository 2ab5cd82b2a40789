"""The mitmproxy add-on: hooks hand frames to the journal, and nothing else happens in them.

It must never break a connection: the hooks neither wait for the disk nor raise. Messages still come
after `done()`, so the journal stays open until the process ends.
"""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import sys
import time
from collections.abc import Awaitable
from typing import Final

from mitmproxy import contentviews, ctx, http
from mitmproxy.addonmanager import Loader
from mitmproxy.tools.dump import DumpMaster

from xentara_inspect.captures.flows import closing, frame_of, is_xentara, session_info
from xentara_inspect.frames import LIVE
from xentara_inspect.index.keeper import IndexerKeeper
from xentara_inspect.proxy import options
from xentara_inspect.proxy.content_view import make_view
from xentara_inspect.proxy.options import OPTIONS, OptionError
from xentara_inspect.recorder.keeper import JournalKeeper
from xentara_inspect.recorder.process import Settings
from xentara_inspect.recorder.rotation import Rotation
from xentara_inspect.store.chain import first_path, newest_file
from xentara_inspect.store.database import open_for_writing
from xentara_inspect.store.errors import StoreError

logger: Final = logging.getLogger("xentara_inspect")

STOP_SECONDS: Final = 2.0
"""How long the proxy waits at its end for the journal."""


class XentaraRecorder:
    """Records the WebSocket connections with a Xentara server."""

    name = "xentara"

    def __init__(self) -> None:
        self._values = {option.name: option.parse(option.default) for option in OPTIONS}
        self._failed = False
        self._trims = False
        self._journal: JournalKeeper | None = None
        self._indexer: IndexerKeeper | None = None
        self._sessions: dict[str, int] = {}
        self._replays = False
        self._stopping = 0.0

    # Start

    def load(self, loader: Loader) -> None:
        """Declare the options and the content view."""
        self._check_values()
        for option in OPTIONS:
            loader.add_option(option.name, str, option.default, option.help)
        contentviews.add(make_view())

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
            if (
                self._journal is not None
                and value != self._values[option.name]
                and option.name != "xentara_filter"
            ):
                logger.error("%s cannot be changed while recording", option.name)
                continue
            self._values[option.name] = value
        self._trims = self._may_trim()

    def running(self) -> None:
        """All options are known: reject those of ours that do not exist, and open the database."""
        for name in options.unknown_names(list(ctx.options.deferred)):
            known = ", ".join(option.name for option in OPTIONS)
            self._fail(f"unknown option {name}; there are {known}")
        limits = (self._values["xentara_rotate_size"], self._values["xentara_rotate_time"])
        if self._values["xentara_keep"] is not None and limits == (None, None):
            self._fail("xentara_keep needs xentara_rotate_size or xentara_rotate_time")
        self._start()

    def _may_trim(self) -> bool:
        """Whether nobody but us looks at the messages of a flow once they have passed.

        mitmproxy keeps them all, which on a socket that lives for weeks is all of the memory.
        mitmweb and the console show them; `-w`, `hardump` and filters on bodies need them at the end.
        """
        kept_for = ("save_stream_file", "hardump", "dumper_filter")
        return isinstance(ctx.master, DumpMaster) and not any(
            getattr(ctx.options, name, None) for name in kept_for
        )

    def _fail(self, message: str) -> None:
        self._failed = True
        logger.error("xentara_inspect: %s", message)

    def _start(self) -> JournalKeeper | None:
        """Open the database once. With `-r`, messages may come before `running`."""
        if self._failed or self._journal is not None:
            return self._journal
        path = os.path.abspath(self._values["xentara_db"])
        rotation = self._rotation()
        if rotation is not None:
            path = first_path(path)
        current = path if rotation is None else newest_file(path)
        try:
            # The journal itself never complains of a database for good: it waits for it to get better.
            open_for_writing(current).close()
        except StoreError as error:
            self._fail(str(error))
            return None
        self._journal = JournalKeeper(
            Settings(
                path,
                durable=self._values["xentara_durable"],
                keep_secrets=self._values["xentara_keep_secrets"],
                rotation=rotation,
            )
        )
        atexit.register(self._finish)
        if self._values["xentara_keep_secrets"]:
            logger.warning("xentara_inspect: passwords and tokens are recorded, as asked for")
        logger.info("xentara_inspect: recording into %s", current)
        if self._values["xentara_index"]:
            self._indexer = IndexerKeeper(
                path,
                alone=rotation is None,
                on_problem=lambda message: logger.error("xentara_inspect: %s", message),
            )
        return self._journal

    def _rotation(self) -> Rotation | None:
        """How to go from file to file; None for a replay, which goes into the one file that was named."""
        if ctx.options.rfile:
            return None
        return Rotation(
            size=self._values["xentara_rotate_size"],
            age=self._values["xentara_rotate_time"],
            keep=self._values["xentara_keep"],
            indexed=self._values["xentara_index"],
        )

    # Traffic

    def websocket_start(self, flow: http.HTTPFlow) -> None:
        """A connection opens."""
        if not is_xentara(flow, self._values.get("xentara_filter")):
            return
        journal = self._start()
        if journal is not None:
            info = session_info(flow, LIVE if flow.live else ctx.options.rfile or "replay")
            session = journal.open_session(info)
            self._sessions[flow.id] = session
            if not flow.live:
                self._replays = True

    def websocket_message(self, flow: http.HTTPFlow) -> Awaitable[bool] | None:
        """A message passes. With `xentara_durable` it goes on once the awaitable is done."""
        session = self._sessions.get(flow.id)
        if session is None or self._journal is None or flow.websocket is None:
            return None
        messages = flow.websocket.messages
        committed = self._journal.append(session, frame_of(messages[-1]))
        if self._trims and flow.live:
            del messages[:-1]
        return committed

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """A connection closed."""
        session = self._sessions.pop(flow.id, None)
        end = closing(flow)
        if session is not None and self._journal is not None and end is not None:
            self._journal.close_session(session, end)

    # End

    def done(self) -> None:
        """Write what is there. More may come: the end is `_finish`."""
        self._stopping = time.monotonic()
        if self._journal is None:
            return
        self._journal.flush(None if self._replays else STOP_SECONDS / 2)
        if self._replays:
            for session_id, frames in self._journal.skipped().values():
                logger.warning(
                    "xentara_inspect: session %s: %d messages were in the database already, skipped",
                    session_id,
                    frames,
                )

    def _finish(self) -> None:
        """At the end of the process: close the journal, let the indexer finish.

        Both go on by themselves where nobody waits for them any longer.
        """
        with contextlib.suppress(KeyboardInterrupt):
            self._wait_for_the_others()

    def _wait_for_the_others(self) -> None:
        waits = self._replays  # a replay is not done until it can be asked about
        if self._journal is not None:
            lost = self._journal.close(None if waits else self._left(STOP_SECONDS))
            if lost:  # mitmproxy's log is closed by now
                sys.stderr.write(f"xentara_inspect: {lost} frames could not be written in time\n")
        if self._indexer is not None:
            self._indexer.finish(None if waits else self._left(self._values["xentara_finish"]))

    def _left(self, seconds: float) -> float:
        """What is left of the seconds that the end may take, but a little in any case."""
        return max(0.2, self._stopping + seconds * 0.75 - time.monotonic())


addons: Final = [XentaraRecorder()]
