"""mitmweb in the place of mitmdump: for those who look on while it is recorded."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator
from typing import Final

from mitmproxy import ctx, options
from mitmproxy.master import Master
from mitmproxy.tools.web.master import WebMaster

from xentara_inspect.frames import endpoint
from xentara_inspect.proxy.content_view import Viewer
from xentara_inspect.proxy.memory import BYTES, MESSAGES, Window, is_saved

PORT: Final = 8082
"""Where its page is, unless told: that of mitmweb is where `capture` listens."""


def make(opts: options.Options, viewer: Viewer) -> Master:
    """A mitmweb that opens no browser by itself, and keeps the newest messages. viewer: of the add-on."""
    master = WebMaster(opts, with_termlog=False)
    master.addons.add(Window(viewer))
    opts.update(web_port=PORT, web_open_browser=False)
    return master


def lines(database: str) -> Iterator[str]:
    """What those have to know who want to look on."""
    yield f"Look on in a browser at {_url()}"
    if is_saved():
        yield "mitmweb keeps all messages in memory, in order to save them at the end"
    else:
        yield (
            f"mitmweb keeps the newest {MESSAGES:,} messages in memory, or {BYTES >> 20} MiB of them;"
            f" {database} has all"
        )
    if not _is_guarded() and not _is_local(ctx.options.web_host):
        yield "This mitmweb has no password: who reaches its page sees the traffic, and changes it"


def _url() -> str:
    """With the token that lets in, from mitmproxy 11.1 on."""
    known = getattr(ctx.master, "web_url", None)
    return str(known or f"http://{endpoint(ctx.options.web_host, ctx.options.web_port)}/")


def _is_guarded() -> bool:
    return hasattr(ctx.options, "web_password")


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
