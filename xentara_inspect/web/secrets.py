"""Secrets that a database was told to keep: none of them may be in a page that is handed on."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from xentara_inspect.protocol import commands
from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.log import log
from xentara_inspect.queries.show import payload
from xentara_inspect.traffic.redaction import redact

_LOGINS: Final = 1000
"""So many of the newest are looked through."""
_SHORTEST: Final = 4
"""Shorter strings are in too many others."""
_BLANK: Final = "********"


def kept_secrets(databases: Databases) -> list[str]:
    """What clients sent as passwords and tokens, as far as it was not blanked. Raises StoreError."""
    found: list[bytes] = []
    for row in log(databases, commands=[commands.CREATE_SUB_SESSION], limit=_LOGINS, with_malformed=False):
        said = payload(databases, row["id"].rpartition("p")[0])  # the whole message
        if said is not None:
            redact(said, True, found=found)
    texts = {secret.decode("utf-8", "replace") for secret in found if secret.strip(b"*")}
    return sorted((text for text in texts if len(text) >= _SHORTEST), key=len, reverse=True)


def holds_secret(databases: Databases, frame: str, *, from_client: bool) -> bool:
    """Whether there is anything left to blank in a message. Raises StoreError."""
    said = payload(databases, frame)
    return said is not None and all(redact(said, from_client, is_text) != said for is_text in (False, True))


def without(secrets: Collection[str], text: str) -> str:
    """The text with asterisks in the place of secrets."""
    for secret in secrets:
        text = text.replace(secret, _BLANK)
    return text
