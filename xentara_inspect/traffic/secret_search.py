"""How a secret may be written, and where that is in bytes."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Iterator
from typing import Final

from xentara_inspect.protocol import commands
from xentara_inspect.protocol.shape_types import Alternatives, ArrayOf, Object, Shape
from xentara_inspect.traffic.blanks import BLANK
from xentara_inspect.traffic.modes import SHORTEST_TOLD

SHORTEST: Final = SHORTEST_TOLD
"""Bytes of the shortest secret that is looked for: what is shorter, as `on`, is in half of all texts."""

_WORD: Final = 8
"""Shorter ones count where they stand alone: a password `tank` must not cost the record its tanks."""

_HEAD: Final = 16
"""So many bytes are not there by chance: where a longer secret begins so, it is blanked as far as it goes."""

LONGEST: Final = 4096
"""Bytes that are remembered of one. Where an echo goes on behind them, its string is blanked to the end."""

_WORD_LETTERS: Final = re.compile(rb"[0-9A-Za-z\x80-\xff]++")
_URL_SAFE: Final = bytes.maketrans(b"+/", b"-_")


class Search:
    """Looks for secrets. heads: what each begins with, of which more than one may have the same."""

    def __init__(self, spelled: Iterable[bytes]) -> None:
        """spelled: the secrets as they may be written."""
        self.heads: dict[bytes, list[bytes]] = {}
        for one in spelled:
            self.heads.setdefault(one[:_HEAD], []).append(one)
        self._any: re.Pattern[bytes] | None = None  # made where it is needed: that takes a while

    def __bool__(self) -> bool:
        return bool(self.heads)

    def may_be_in(self, payload: bytes) -> bool:
        """Whether anything there looks like one, whatever it is. Quick."""
        if self._any is None and self.heads:
            self._any = re.compile(b"|".join(map(re.escape, self.heads)))
        return self._any is not None and self._any.search(payload) is not None

    def places(self, content: bytes) -> Iterator[tuple[int, int]]:
        """Where they are in a text, in whole characters; an empty range where one does not stand alone.

        They may overlap, and come in any order.
        """
        for head, secrets in self.heads.items():
            start = content.find(head)
            while start >= 0:
                following = start + 1
                if len(head) < _WORD and not _stands_alone(content, start, start + len(head)):
                    yield start, start
                    following = max(following, _end_of_word(content, start, len(content)))
                else:
                    end = max(_end_of_echo(content, start, secret) for secret in secrets)
                    yield _whole_characters(content, start, end)
                    following = following if end < len(content) else end
                start = content.find(head, following)

    def last_place(self, content: bytes) -> tuple[int, int]:
        """Where a text that is cut off ends with the beginning of one; an empty range where it does not."""
        size = self.cut_off_in(content)
        return _whole_characters(content, len(content) - size, len(content)) if size else (0, 0)

    def cut_off_in(self, content: bytes) -> int:
        """How many bytes at the end are less than the head of one."""
        end = content[-_HEAD:]
        for size in range(len(end), SHORTEST - 1, -1):
            if any(head.startswith(end[-size:]) for head in self.heads):
                return size
        return 0


def _field_names(shape: Shape | None) -> Iterator[str]:
    match shape:
        case Object():
            for entry in shape.fields:
                yield entry.name
                yield from _field_names(entry.shape)
        case ArrayOf():
            yield from _field_names(shape.element)
        case Alternatives():
            for option in shape.options:
                yield from _field_names(option.shape)


_NAMES: Final = frozenset(
    part.encode()
    for command in commands.COMMANDS.values()
    if command.has_secret
    for name in (command.name, *_field_names(command.parameters))
    for part in (name.replace("_", ""), *name.split("_"))
)


def may_be_secret(value: bytes) -> bool:
    """Whether it is no blanks alone, and no word that clients put beside a secret and errors speak of."""
    name = value.lower().replace(b"_", b"")
    return len(value) >= SHORTEST and name not in _NAMES and bool(value.strip(bytes((BLANK,))))


def spellings(value: bytes) -> Iterator[bytes]:
    """How a secret may be written: what of it is the same whatever stands around it."""
    yield value
    if len(value) < _WORD:
        return
    digits = value.hex()[:LONGEST].encode()
    letters = [b64encode(bytes(shift) + value) for shift in range(3)]
    # The letters at both ends have bits of what stands beside it.
    inner = [
        text[(0, 2, 3)[shift] : (shift + len(value)) * 8 // 6][:LONGEST] for shift, text in enumerate(letters)
    ]
    yield from {digits, digits.upper(), *inner, *(text.translate(_URL_SAFE) for text in inner)}


def _stands_alone(content: bytes, start: int, end: int) -> bool:
    before = max(start - 1, 0)
    return _end_of_word(content, before, start) == before and _end_of_word(content, end, end + 1) == end


def _end_of_word(content: bytes, start: int, limit: int) -> int:
    word = _WORD_LETTERS.match(content, start, limit)
    return word.end() if word is not None else start


def _end_of_echo(content: bytes, start: int, secret: bytes) -> int:
    """Where what begins as a secret does goes on otherwise."""
    if content.startswith(secret, start):
        return start + len(secret) if len(secret) < LONGEST else len(content)
    same, other = 0, len(secret)
    while other - same > 1:
        middle = (same + other) // 2
        same, other = (middle, other) if content.startswith(secret[:middle], start) else (same, middle)
    return start + same


def _whole_characters(content: bytes, start: int, end: int) -> tuple[int, int]:
    """A range with the whole of the UTF-8 characters at its ends."""
    for _ in range(3):
        start -= start > 0 and content[start] & 0xC0 == 0x80
        end += end < len(content) and content[end] & 0xC0 == 0x80
    return start, end
