"""What stands for what the plant named, the same everywhere in one copy, and the list of it for the owner."""

from __future__ import annotations

import ipaddress
import re
import sqlite3
from collections.abc import Callable, Iterator
from enum import StrEnum
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

from xentara_inspect.frames import endpoint, host_and_port
from xentara_inspect.protocol.error_codes import VENDOR_ERROR_TEXTS
from xentara_inspect.protocol.identifiers import ATTRIBUTE_NUMBERS
from xentara_inspect.sharing.chance import Chance
from xentara_inspect.sharing.letters import drawn_letters
from xentara_inspect.traffic.blanks import BLANK
from xentara_inspect.traffic.names import NIL, uuid_text

_LONG: Final = 1000
"""Bytes from which on a text is nobody's name: it is listed in part."""

_REMEMBERED: Final = 1 << 15
_MOST_ATTEMPTS: Final = 200
_BLANK: Final = bytes((BLANK,))
_UUID_SIZE: Final = 16
_VENDOR_TEXTS: Final = frozenset(text.encode() for text in VENDOR_ERROR_TEXTS.values())
"""What servers of any plant say."""

_SEPARATORS: Final = "./"
"""Stay where they are: primary keys go on being paths, of which the same elements are the beginning."""

_PIECES: Final = re.compile(rf"([{_SEPARATORS}])")
_UUID_TEXT: Final = re.compile(
    r"(?<![0-9A-Fa-f])([0-9A-Fa-f]{8}(-?)[0-9A-Fa-f]{4}(?:\2[0-9A-Fa-f]{4}){3}[0-9A-Fa-f]{8})(?![0-9A-Fa-f])"
)
_URL: Final = re.compile(r"([a-z]{1,8}://)([^/]*)(.*)", re.DOTALL)
_TABLES: Final = """
    CREATE TABLE replaced (
      kind TEXT, original BLOB, replacement BLOB, PRIMARY KEY (kind, original)
    ) WITHOUT ROWID;
    CREATE TABLE pieces (original BLOB PRIMARY KEY, replacement BLOB UNIQUE) WITHOUT ROWID;
"""


class Kind(StrEnum):
    """What something replaced is."""

    TEXT = "text"
    UUID = "uuid"
    BYTES = "bytes"
    ADDRESS = "address"


class Replaced(NamedTuple):
    """A row of the owner's list; bytes in hex, of what is long the beginning."""

    kind: Kind
    original: str
    replacement: str


class Replacements:
    """What stands for what. Raises sqlite3.Error where it finds no room."""

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        # In memory, and beyond that in a file of SQLite's which has no name and goes with this process.
        self._known = sqlite3.connect("", isolation_level=None)
        self._known.executescript(_TABLES)
        self._known.execute("BEGIN")
        remember = lru_cache(maxsize=_REMEMBERED)
        self._short_text = remember(self._text)
        self._short_bytes = remember(self._bytes)
        self._piece: Callable[[str], str] = remember(self._new_piece)
        self.uuid = remember(self._uuid)
        """The 16 bytes of another UUID, but for those that the protocol knows."""

    def close(self) -> None:
        """Forget all of it."""
        self._known.close()

    def text(self, content: bytes) -> bytes:
        """A text of the same length, character for character.

        What is blanked stays, and so does what servers of any plant say.
        """
        return self._short_text(content) if len(content) < _LONG else self._text(content)

    def string(self, text: str) -> str:
        """The same of a column."""
        return self.text(text.encode(errors="surrogateescape")).decode(errors="surrogateescape")

    def octets(self, content: bytes) -> bytes:
        """As many other bytes. Sixteen are taken for a UUID."""
        if len(content) == _UUID_SIZE:
            return self.uuid(content)
        return self._short_bytes(content) if len(content) < _LONG else self._bytes(content)

    def address(self, text: str) -> str:
        """Another address with the same port; of a name one of the same length."""
        host, port = host_and_port(text)
        other = self._host(host)
        return endpoint(other, port) if port else other

    def url(self, text: str) -> str:
        """An address behind its scheme; any other text as such."""
        match = _URL.fullmatch(text)
        if match is None:
            return self.string(text)
        return match[1] + self.address(match[2]) + self.string(match[3])

    def counts(self) -> dict[Kind, int]:
        """How many were replaced of each kind."""
        rows = self._known.execute("SELECT kind, count(*) FROM replaced GROUP BY kind")
        found = {Kind(kind): int(count) for kind, count in rows}
        return {kind: found[kind] for kind in Kind if kind in found}

    def listed(self) -> Iterator[Replaced]:
        """All that was replaced, by kind, then in order."""
        for kind in Kind:
            rows = self._known.execute(
                "SELECT original, replacement FROM replaced WHERE kind = ? ORDER BY original", (kind,)
            )
            for original, replacement in rows:
                yield Replaced(kind, _shown(kind, original), _shown(kind, replacement))

    def _text(self, content: bytes) -> bytes:
        if not content.strip(_BLANK) or content in _VENDOR_TEXTS:
            return content
        text = content.decode(errors="surrogateescape")
        found = _UUID_TEXT.split(text)  # text, UUID, its hyphen, text, …
        parts = [self._pieces(part) for part in found[::3]]
        for place, (uuid, hyphen) in enumerate(zip(found[1::3], found[2::3], strict=True)):
            parts.insert(2 * place + 1, self._uuid_text(uuid, hyphen))
        replacement = "".join(parts).encode(errors="surrogateescape")
        if len(found) != 4 or found[0] or found[3]:  # or it is a UUID, and listed as such
            self._list(Kind.TEXT, content, replacement)
        return replacement

    def _pieces(self, text: str) -> str:
        return "".join(piece if piece in _SEPARATORS else self._piece(piece) for piece in _PIECES.split(text))

    def _new_piece(self, original: str) -> str:
        """What stands for a piece of a path, and for no other one while there is room for that."""
        encoded = original.encode(errors="surrogateescape")
        known = self._known.execute(
            "SELECT replacement FROM pieces WHERE original = ?", (encoded,)
        ).fetchone()
        if known is not None:
            return bytes(known[0]).decode(errors="surrogateescape")
        piece = original
        for attempt in range(_MOST_ATTEMPTS):
            drawn = self._chance.drawn("text", encoded, 2 * len(original), attempt)
            piece = drawn_letters(original, drawn, attempt)
            if piece == original:
                continue
            if len(encoded) >= _LONG:
                break
            row = encoded, piece.encode(errors="surrogateescape")
            if self._known.execute("INSERT OR IGNORE INTO pieces VALUES (?, ?)", row).rowcount:
                break
        return piece

    def _uuid(self, original: bytes) -> bytes:
        if original == NIL or original in ATTRIBUTE_NUMBERS or not original.strip(_BLANK):
            return original
        uuid = UUID(bytes=self._chance.drawn("uuid", original, _UUID_SIZE), version=4).bytes
        self._list(Kind.UUID, original, uuid)
        return uuid

    def _uuid_text(self, text: str, hyphen: str) -> str:
        digits = text.replace("-", "")
        found = uuid_text(self.uuid(bytes.fromhex(digits)))
        found = found if hyphen else found.replace("-", "")
        return found.upper() if text.isupper() else found

    def _bytes(self, content: bytes) -> bytes:
        if not content.strip(_BLANK):
            return content
        other = self._chance.drawn("bytes", content, len(content))
        self._list(Kind.BYTES, content, other)
        return other

    def _host(self, host: str) -> str:
        try:
            old = ipaddress.ip_address(host)
        except ValueError:
            return self.string(host)
        other: ipaddress.IPv4Address | ipaddress.IPv6Address
        if old.version == 4:  # the networks that RFC 2544 and RFC 3849 set aside for what is made up
            other = ipaddress.IPv4Address("198.18.0.0") + self._chance.number("host", old.packed, 1 << 17)
        else:
            other = ipaddress.IPv6Address("2001:db8::") + self._chance.number("host", old.packed, 1 << 96)
        self._list(Kind.ADDRESS, host.encode(), str(other).encode())
        return str(other)

    def _list(self, kind: Kind, original: bytes, replacement: bytes) -> None:
        row = kind, original[:_LONG], replacement[:_LONG]
        self._known.execute("INSERT OR IGNORE INTO replaced VALUES (?, ?, ?)", row)


def _shown(kind: Kind, content: bytes) -> str:
    if kind is Kind.UUID:
        return uuid_text(content)
    return content.hex() if kind is Kind.BYTES else content.decode(errors="replace")
