"""Texts of the same length out of other letters.

Each character becomes one of as many bytes, so that the length stays in bytes and in characters, and a text
in chunks can be divided where the original was. A byte that is no UTF-8 becomes another that never is.
"""

from __future__ import annotations

import string
from typing import Final

_SYLLABLES: Final = ("bdfgklmnprstvz", "aeiou")
"""In turn: names that people can say."""

_LETTERS: Final = string.ascii_lowercase
_SIGNS: Final = "".join(sorted(set(map(chr, range(0x21, 0x7F))) - set("./*?[]\"\\'")))
"""All that may be taken where short texts leave no other choice."""

_STEPS: Final = (12, 60)
"""Attempts up to which syllables and letters are tried."""

_WIDE: Final = {2: (0x430, 32), 3: (0x3041, 86), 4: (0x20000, 0xA6D7)}
"""First and number of the letters that take so many bytes: Cyrillic, Hiragana, rare Chinese ones."""

_NEVER_UTF8: Final = (0xC0, 0xC1, *range(0xF5, 0x100))
_SURROGATES: Final = range(0xDC80, 0xDD00)
"""What stands for a byte that is no UTF-8."""


def drawn_letters(original: str, drawn: bytes, attempt: int) -> str:
    """As many letters. drawn: two random bytes for each. attempt: the higher, the more letters there are."""
    numbers = (int.from_bytes(drawn[place : place + 2], "big") for place in range(0, len(drawn), 2))
    return "".join(
        _letter(character, number, place, attempt)
        for place, (character, number) in enumerate(zip(original, numbers, strict=True))
    )


def _letter(character: str, number: int, place: int, attempt: int) -> str:
    code = ord(character)
    if code < 0x80:
        letters = _SYLLABLES[place & 1] if attempt < _STEPS[0] else _LETTERS
        if attempt >= _STEPS[1]:
            letters = _SIGNS
        return letters[number % len(letters)]
    if code in _SURROGATES:
        return chr(0xDC00 + _NEVER_UTF8[number % len(_NEVER_UTF8)])
    first, count = _WIDE[len(character.encode())]
    return chr(first + number % count)
