"""Making text from the network safe to print: in terminals, in comments, in tables, in notation.

Nothing that moves the cursor, reorders a line, hides itself or looks like an escape sequence comes
through raw; letters, digits and signs of any script stay readable.
"""

from __future__ import annotations

import re
from typing import Final

COMMENT_LIMIT: Final = 160
"""Characters of a name that a comment shows; a long name must not cost its length on every line."""

# Letters and marks that Unicode calls printable but that draw nothing (Default_Ignorable_Code_Point).
_INVISIBLE: Final = frozenset(
    (0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0)
).union(range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
_SHORT_ESCAPES: Final = {"\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_SUSPICIOUS: Final = re.compile(r"[^ -~]+")
_QUOTE_OR_BACKSLASH: Final = re.compile(r'["\\]')


def safe(text: str) -> str:
    r"""The text with everything that is not plainly visible as an escape such as `\u202e`.

    Escaped are control characters, format characters (bidi overrides and isolates, zero-width ones),
    line and paragraph separators, spaces other than U+0020, lone surrogates, unassigned and private
    code points, and letters that draw nothing. Quotes and backslashes stay as they are.
    """
    if text.isascii() and text.isprintable():
        return text
    return _SUSPICIOUS.sub(_escape_run, text)


def quoted(text: str) -> str:
    """The text as a text string of diagnostic notation, in double quotes; parsing gives it back."""
    if not (text.isascii() and text.isprintable()):
        return f'"{_SUSPICIOUS.sub(_escape_run, _QUOTE_OR_BACKSLASH.sub(_backslashed, text))}"'
    if '"' in text or "\\" in text:
        return f'"{_QUOTE_OR_BACKSLASH.sub(_backslashed, text)}"'
    return f'"{text}"'


def shortened(text: str) -> str:
    """`safe`, and not longer than a comment may be."""
    if len(text) > COMMENT_LIMIT:
        text = text[:COMMENT_LIMIT] + "…"
    return safe(text)


def _backslashed(match: re.Match[str]) -> str:
    return "\\" + match[0]


def _escape_run(match: re.Match[str]) -> str:
    run = match[0]
    if run.isprintable() and _INVISIBLE.isdisjoint(map(ord, run)):
        return run
    return "".join(map(_escape_character, run))


def _escape_character(character: str) -> str:
    code = ord(character)
    if character.isprintable() and code not in _INVISIBLE:
        return character
    short = _SHORT_ESCAPES.get(character)
    if short is not None:
        return short
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\u{{{code:x}}}"
