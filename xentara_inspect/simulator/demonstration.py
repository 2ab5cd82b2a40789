"""The client's side of a demonstration: a conversation with a proxy or server at a URL."""

from __future__ import annotations

import ssl

from xentara_inspect.simulator.accounts import OPERATOR
from xentara_inspect.simulator.client import Client
from xentara_inspect.simulator.conversation import demo


async def converse(url: str, seconds: float) -> int:
    """Talk to what is at a URL for so long. Returns how many requests were sent and answered.

    Raises InvalidURI for what is no URL, the others of CLIENT_ERRORS where nobody answers as they should.
    """
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # a proxy makes its own certificate
    tls = context if url.startswith("wss:") else None
    async with Client(url, ssl_context=tls, user=OPERATOR.user, password=OPERATOR.password) as client:
        return len(await demo(client, seconds))
