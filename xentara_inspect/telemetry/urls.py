"""URLs of collectors."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

_TRACES: Final = "/v1/traces"


def traces_url(text: str) -> str:
    """Where a collector takes spans: `/v1/traces` below what is given, unless that is it.

    Raises ValueError, which does not tell the text: there may be a password in it.
    """
    try:
        parts = urlsplit(text.strip())
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        valid = False
    if not valid or any(not character.isprintable() or character.isspace() for character in text.strip()):
        raise ValueError("is the URL of an OpenTelemetry collector, such as http://127.0.0.1:4318")
    path = parts.path.rstrip("/")
    return parts._replace(path=path if path.endswith(_TRACES) else path + _TRACES, fragment="").geturl()


def shown(url: str) -> str:
    """A URL without what may be secret in it: user, password and query."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2], query="").geturl()
