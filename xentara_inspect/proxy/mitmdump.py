"""mitmdump or mitmweb with the add-on inside this process, speaking plainly about what goes wrong.

What people have to know is a line on stderr: where it listens, what it records into, which
connections open and close, and why one failed.
"""

from __future__ import annotations

import argparse
import logging
import re
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn

import click
from mitmproxy import ctx, http, options, tls
from mitmproxy.master import Master
from mitmproxy.proxy import server_hooks
from mitmproxy.tools import cmdline
from mitmproxy.tools import main as mitmproxy_main
from mitmproxy.tools.dump import DumpMaster

from xentara_inspect.captures.flows import path_of, peer
from xentara_inspect.escape import safe
from xentara_inspect.frames import endpoint
from xentara_inspect.protocol import identifiers
from xentara_inspect.proxy.addon import XentaraRecorder
from xentara_inspect.proxy.metrics import Passed
from xentara_inspect.proxy.options import in_flags


class CaptureError(Exception):
    """The proxy could not start. One clear line."""


def say(line: str) -> None:
    """A line for people, on stderr, with the time."""
    print(f"{time.strftime('%H:%M:%S')} {safe(line)}", file=sys.stderr, flush=True)  # noqa: T201 - this is the program's voice


class StartupErrors(logging.Handler):
    """Keeps what went wrong before the proxy ran; says what goes wrong later."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.errors: list[str] = []
        self.running = False

    def emit(self, record: logging.LogRecord) -> None:
        """Take a log record of mitmproxy or of the add-on."""
        if not record.name.startswith(("mitmproxy", "xentara_inspect")):
            return
        text = _in_our_words(record.getMessage())
        if self.running:
            if record.name.startswith("xentara_inspect") or record.levelno >= logging.ERROR:
                say(text)
        elif record.levelno >= logging.ERROR:
            self.errors.append(text)
        else:
            say(text)


def _in_our_words(message: str) -> str:
    """A log message with the names that the command line has for things."""
    listening = re.search(r"failed to listen on (\S+?):(\d+) with (.*)", message, re.DOTALL)
    if page := re.search(r"Web server failed to listen on (\S+?):(\d+) with (.*)", message):
        host, port, why = page.groups()
        place = endpoint(host, int(port))
        return f"cannot show the traffic at {place}: {_reason(why)}; --web-port chooses another"
    if listening:
        host, port, why = listening.groups()
        return f"cannot listen on {endpoint(host, int(port))}: {_reason(why)}; --listen chooses another"
    return in_flags(message).removeprefix("xentara_inspect: ")


def _reason(why: str) -> str:
    return "the address is in use" if "[Errno 98]" in why or "[Errno 48]" in why else why.split("\n")[0]


class Announcer:
    """Tells on stderr what happens to connections."""

    def __init__(
        self, upstream: str, database: str, log: StartupErrors, more: Callable[[], Iterable[str]]
    ) -> None:
        """more: what else there is to say of the start, told once the proxy listens."""
        self._upstream = upstream
        self._database = database
        self._log = log
        self._more = more

    def running(self) -> None:
        """The proxy listens."""
        self._log.running = True
        if self._log.errors:
            return
        proxy = ctx.master.addons.get("proxyserver")
        # An https upstream is listened for on TCP and UDP (HTTP/3), at the same address.
        for host, port in dict.fromkeys((address[0], address[1]) for address in proxy.listen_addrs()):
            shown = endpoint(host, port)
            say(f"Listening on {shown}, forwarding to {self._upstream}, recording into {self._database}")
            say(f"Point the client at ws://{shown}{identifiers.PATH} (wss:// works too). Ctrl-C ends.")
        for line in self._more():
            say(line)

    def websocket_start(self, flow: http.HTTPFlow) -> None:
        """A WebSocket connection opened."""
        say(f"Connected: client {peer(flow)}")

    def websocket_end(self, flow: http.HTTPFlow) -> None:
        """A WebSocket connection closed."""
        data = flow.websocket
        code = data.close_code if data is not None else None
        say(f"Closed ({code}): client {peer(flow)}")

    def response(self, flow: http.HTTPFlow) -> None:
        """The server answered the upgrade, perhaps with a refusal."""
        if flow.websocket is None and flow.response is not None and flow.response.status_code >= 400:
            say(f"The server refused {path_of(flow)}: HTTP {flow.response.status_code}")

    def server_connect_error(self, data: server_hooks.ServerConnectionHookData) -> None:
        """The server cannot be reached."""
        say(f"Upstream {self._upstream} cannot be reached: {data.server.error}")

    def tls_failed_server(self, data: tls.TlsData) -> None:
        """The server's TLS is not to our liking."""
        reason = data.conn.error or "TLS handshake failed"
        if "certificate" in reason.lower():
            hint = "--ssl-insecure accepts any certificate"
        else:
            hint = "is it a TLS server? http:// otherwise"
        say(f"TLS with {self._upstream} failed: {reason} ({hint})")

    def error(self, flow: http.HTTPFlow) -> None:
        """A request got no answer."""
        if flow.error is not None and flow.websocket is None and flow.server_conn.timestamp_tcp_setup:
            # What an answer that is none says may be an echo of the request, secrets included.
            reason = str(flow.error).partition(":")[0]
            say(f"Upstream {self._upstream} gave no HTTP answer: {reason} (is it https://?)")

    def tls_failed_client(self, data: tls.TlsData) -> None:
        """The client does not trust the proxy."""
        say(f"TLS with the client failed: {data.conn.error} (does it trust mitmproxy's certificate?)")


class ErrorCheck:
    """In the place of mitmproxy's add-on of this name: ends a start that went wrong, in our words."""

    def __init__(self, log: StartupErrors) -> None:
        self._log = log

    def finish(self) -> None:
        """The start is over."""

    async def shutdown_if_errored(self) -> None:
        """Raise what was logged as an error."""
        if self._log.errors:
            raise CaptureError(self._log.errors[0])


class _Tool(NamedTuple):
    """One of mitmproxy's programs. more: what else there is to say once it listens."""

    make: Callable[[options.Options], Master]
    parser: Callable[[options.Options], argparse.ArgumentParser]
    extra: Callable[[Any], dict[str, Any]] | None
    more: Callable[[], Iterable[str]]


def _tool(recorder: XentaraRecorder, database: str, *, web: bool) -> _Tool:
    if not web:
        return _Tool(partial(DumpMaster, with_termlog=False), cmdline.mitmdump, _extra, tuple)
    from xentara_inspect.proxy import mitmweb  # slow: who only records need not wait for it

    make = partial(mitmweb.make, viewer=recorder.viewer)
    return _Tool(make, cmdline.mitmweb, None, partial(mitmweb.lines, database))


def run(arguments: Sequence[str], upstream: str, database: str, *, web: bool = False) -> Passed:
    """Run the proxy until a signal ends it. Raises CaptureError, or click.UsageError for options.

    web: mitmweb instead of mitmdump. Returns what was recorded.
    """
    log = StartupErrors()
    recorder = XentaraRecorder()
    tool = _tool(recorder, database, web=web)
    logging.getLogger().addHandler(log)

    def made(opts: options.Options) -> Master:
        master = tool.make(opts)
        master.addons.remove(master.addons.get("errorcheck"))
        master.addons.add(ErrorCheck(log), Announcer(upstream, database, log, tool.more))
        master.addons.register(recorder)
        # At the front: what later add-ons do to a message is not what was on the wire, and on
        # mitmproxy 12 the last add-on would run only after all flows of `-r`.
        master.addons.chain.insert(0, recorder)
        return master

    def parser(opts: options.Options) -> argparse.ArgumentParser:
        made = tool.parser(opts)
        vars(made)["error"] = _refuse  # it would print its usage and leave with mitmproxy's exit code
        return made

    sys.argv[0] = "Error"  # what mitmproxy puts before its complaints about options
    master: Any = made  # which mitmproxy expects to be a class
    try:
        mitmproxy_main.run(master, parser, arguments, tool.extra)
    except OSError as error:  # of the page of mitmweb
        raise CaptureError(_in_our_words(str(error))) from None
    finally:
        logging.getLogger().removeHandler(log)
    return recorder.passed


def _extra(args: Any) -> dict[str, Any]:
    """Options that follow from arguments."""
    if args.filter_args:
        raise click.UsageError(f"unexpected argument {args.filter_args[0]!r}")
    return {"flow_detail": 0}


def _refuse(message: str) -> NoReturn:
    raise click.UsageError(message)
