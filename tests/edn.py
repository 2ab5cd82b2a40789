"""Diagnostic notation back to bytes: a strict reader of what `xentara_inspect` writes, for the tests.

By the rules of draft-ietf-cbor-edn-literals-27 and of draft-bormann-cbor-edn-app-ext (`float'…'`),
as far as the notation uses them; everything else is an error. No recursion, so any depth will do.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field

from xentara_inspect.cbor import shortest_float_info

TOKEN = re.compile(
    r"""
      (?P<space>[ \n]+|\#[^\n]*\n)
    | (?P<open>[\[{](?:_[0-3]?(?=[ \n\]}]))?)
    | (?P<stream>\(_[ ])
    | (?P<concat>t1<<)
    | (?P<endconcat>>>(?:_[0-3])?)
    | (?P<simple>simple\((?P<number>\d+)\))
    | (?P<tag>(?P<tagnumber>\d+)(?P<tagwidth>_[0-3])?\()
    | (?P<close>[\]})])
    | (?P<separator>[,:])
    | (?P<float>-?\d+\.\d+(?:e[+-]\d+)?(?:_[123])?|-?Infinity(?:_[23])?|NaN(?:_[23])?)
    | (?P<bits>float'(?:[0-9a-f]{4}|[0-9a-f]{8}|[0-9a-f]{16})')
    | (?P<integer>-?\d+(?:_[0-3])?)(?![\d.])
    | (?P<word>true|false|null|undefined)
    | (?P<hex>h'(?P<digits>[0-9A-Fa-f]*)'(?P<hexwidth>_[0-3])?)
    | (?P<empty>''_|""_(?![0-3]))
    | (?P<text>"(?P<content>(?:[^"\\\n]|\\.|\\u\{[0-9a-f]+\})*)"(?P<textwidth>_[0-3])?)
    """,
    re.VERBOSE,
)
ESCAPE = re.compile(r"\\(?:u([0-9a-f]{4})|u\{([0-9a-f]+)\}|(.))")
SHORT = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
WORDS = {"false": b"\xf4", "true": b"\xf5", "null": b"\xf6", "undefined": b"\xf7"}
CLOSERS = {"[": "]", "{": "}", "(": ")", "(_": ")"}
FORMATS = {1: ">e", 2: ">f", 3: ">d"}
SIGNS = {1: b"\xf9", 2: b"\xfa", 3: b"\xfb"}


@dataclass
class Frame:
    """A container being read: its bracket, what stood behind it, its items, the separators between."""

    bracket: str
    head: str
    items: list[bytes] = field(default_factory=list)
    separators: list[str] = field(default_factory=list)


def encode(text: str) -> bytes:
    """The CBOR sequence that the notation stands for. ValueError where it is not notation."""
    frames = [Frame("", "")]
    pos = 0
    while pos < len(text):
        match = TOKEN.match(text, pos)
        if match is None:
            raise ValueError(f"not notation at {pos}: {text[pos : pos + 40]!r}")
        pos = match.end()
        _token(frames, match)
    if len(frames) != 1:
        raise ValueError(f"{len(frames) - 1} brackets are not closed")
    _check_separators(frames[0])
    return b"".join(frames[0].items)


def _token(frames: list[Frame], match: re.Match[str]) -> None:
    kind, token = match.lastgroup, match[0]
    for kind in ("space", "separator", "open", "stream", "concat", "tag", "close", "endconcat"):
        if match[kind] is not None:
            break
    else:
        frames[-1].items.append(_scalar(match))
        return
    if kind == "separator":
        frames[-1].separators.append(token)
    elif kind == "open":
        frames.append(Frame(token[0], token[1:]))
    elif kind == "stream":
        frames.append(Frame("(_", ""))
    elif kind == "concat":
        frames.append(Frame("<<", ""))
    elif kind == "tag":
        frames.append(Frame("(", _head(6, int(match["tagnumber"]), match["tagwidth"]).hex()))
    elif kind in ("close", "endconcat"):
        frame = frames.pop()
        if (CLOSERS.get(frame.bracket) or ">>") != token[:2].rstrip("_"):
            raise ValueError(f"{token} closes {frame.bracket}")
        frames[-1].items.append(_closed(frame, token))


def _scalar(match: re.Match[str]) -> bytes:
    if match["integer"] is not None:
        digits, _, width = match["integer"].partition("_")
        number = int(digits)
        return _head(0, number, width) if number >= 0 else _head(1, -1 - number, width)
    if match["float"] is not None:
        return _float(*match["float"].partition("_")[::2])
    if match["bits"] is not None:
        bits = bytes.fromhex(match["bits"][6:-1])
        return SIGNS[len(bits).bit_length() - 1] + bits
    if match["word"] is not None:
        return WORDS[match["word"]]
    if match["simple"] is not None:
        number = int(match["number"])
        if not (number < 20 or 32 <= number <= 255):
            raise ValueError(f"there is no simple value {number} but by name")
        return _head(7, number, None)
    if match["empty"] is not None:
        return b"\x5f\xff" if match["empty"] == "''_" else b"\x7f\xff"
    if match["hex"] is not None:
        content = bytes.fromhex(match["digits"])
        return _head(2, len(content), match["hexwidth"]) + content
    content = ESCAPE.sub(_unescaped, match["content"]).encode()
    return _head(3, len(content), match["textwidth"]) + content


def _unescaped(match: re.Match[str]) -> str:
    code = match[1] or match[2]
    return chr(int(code, 16)) if code else SHORT[match[3]]


def _closed(frame: Frame, closer: str) -> bytes:
    items = frame.items
    if frame.bracket == "(":
        if len(items) != 1 or frame.separators:
            raise ValueError("a tag has one content")
        return bytes.fromhex(frame.head) + items[0]
    _check_separators(frame)
    if frame.bracket == "<<":
        content = b"".join(map(_content, items))
        return _head(3, len(content), closer.partition("_")[2]) + content
    if frame.bracket == "(_":
        major = items[0][0] >> 5
        if {item[0] >> 5 for item in items} != {major} or major not in (2, 3):
            raise ValueError("chunks of one string differ in kind")
        return bytes([major << 5 | 31]) + b"".join(items) + b"\xff"
    major = 4 if frame.bracket == "[" else 5
    if frame.head == "_":
        return bytes([major << 5 | 31]) + b"".join(items) + b"\xff"
    return _head(major, len(items) // (major - 3), frame.head) + b"".join(items)


def _content(string: bytes) -> bytes:
    info = string[0] & 31
    return string[1 + (0 if info < 24 else 1 << (info - 24)) :]


def _check_separators(frame: Frame) -> None:
    wanted = [",", ":"] if frame.bracket == "{" else [","]
    expected = (wanted[::-1] * len(frame.items))[: max(len(frame.items) - 1, 0)]
    if frame.separators != expected or (frame.bracket == "{" and len(frame.items) % 2):
        raise ValueError(f"separators {frame.separators} between {len(frame.items)} items")


def _head(major: int, argument: int, width: str | None) -> bytes:
    if not width:
        if argument < 24:
            return bytes([major << 5 | argument])
        size = next(size for size in range(4) if argument < 1 << (8 << size))
    else:
        size = int(width[-1])
        if argument >= 24 and (size == 0 or argument >= 1 << (8 << size >> 1)):
            raise ValueError(f"_{size} is the default for {argument} and must not be written")
    return bytes([major << 5 | 24 + size]) + argument.to_bytes(1 << size, "big")


def _float(text: str, width: str) -> bytes:
    value = float(text)
    default = 1 if text.endswith(("Infinity", "NaN")) else shortest_float_info(value) - 24
    size = int(width) if width else default
    encoded = struct.pack(FORMATS[size], value)
    if text != "NaN" and struct.unpack(FORMATS[size], encoded)[0] != value:
        raise ValueError(f"{text} does not fit its width")
    return SIGNS[size] + encoded
