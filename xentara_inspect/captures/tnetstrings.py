"""The notation of mitmproxy's flow files: `LENGTH:CONTENT` and a letter for the type.

By hand, since mitmproxy's own reader, which looks at one byte at a time, takes half the time of an import.
"""

from __future__ import annotations

import re
from typing import Any, BinaryIO, Final

_LONGEST_LENGTH: Final = 12  # digits
_LARGE: Final = 1 << 20
_HEAD: Final = re.compile(rb"([0-9]{1,12}):1:([12])#(4:true|5:false)!([0-9]{1,12}):")
_TAIL: Final = re.compile(rb",[0-9]{2}:([0-9]{10}\.[0-9]+)\^(4:true|5:false)!(4:true|5:false)!\]")
_TRUE: Final = b"4:true"
_FALSE: Final = b"5:false"
_COMMA, _SEMICOLON, _HASH, _CARET, _BANG, _TILDE, _BRACKET, _BRACE = b",;#^!~]}"


def load(file: BinaryIO) -> Any:
    """The next value of a file. Raises EOFError behind the last one, ValueError where there is none."""
    head = b""
    while not head.endswith(b":"):
        byte = file.read(1)
        if not byte and not head:
            raise EOFError
        if not byte or len(head) > _LONGEST_LENGTH:
            raise ValueError("no length")
        head += byte
    length = int(head[:-1]) if head[:-1].isdigit() else -1
    if length < 0:
        raise ValueError("no length")
    # A file object makes room for all that is asked for, be it ever so much.
    content = file.read(length + 1) if length <= _LARGE or length < _left(file) else b""
    if len(content) != length + 1:
        raise ValueError("cut off")
    value, end = _parse(head + content, 0)
    if end != len(head) + len(content):
        raise ValueError("something behind it")
    return value


def dumped_message(is_text: bool, from_client: bool, content: bytes, time: float) -> bytes:
    """A WebSocket message as a flow has it."""
    seconds = repr(time).encode()
    state = b"1:%d#%b!%d:%b,%d:%b^5:false!5:false!" % (
        1 if is_text else 2,
        _TRUE if from_client else _FALSE,
        len(content),
        content,
        len(seconds),
        seconds,
    )
    return b"%d:%b]" % (len(state), state)


def _left(file: BinaryIO) -> int:
    """How many bytes follow in a file."""
    here = file.tell()
    end = file.seek(0, 2)
    file.seek(here)
    return end - here


def _parse(data: bytes, start: int) -> tuple[Any, int]:
    """The value at a place, and where it ends. Raises ValueError."""
    colon = data.find(b":", start, start + _LONGEST_LENGTH + 1)
    length = data[start:colon]
    if colon < 0 or not length.isdigit():
        raise ValueError("no length")
    begin = colon + 1
    end = begin + int(length)
    if end >= len(data):
        raise ValueError("cut off")
    kind = data[end]
    if kind == _COMMA:
        return data[begin:end], end + 1
    if kind in (_BRACKET, _BRACE):
        values = []
        while begin < end:
            value, begin = _message(data, begin) or _parse(data, begin)
            values.append(value)
        if begin != end:
            raise ValueError("parts longer than the whole")
        return (values if kind == _BRACKET else _pairs(values)), end + 1
    return _simple(kind, data[begin:end]), end + 1


def _message(data: bytes, start: int) -> tuple[list[Any], int] | None:
    """A WebSocket message at a place, which is nearly all of a file, and where it ends; None where none is.

    Its state is the list of type, from_client, content, time, injected, dropped.
    """
    head = _HEAD.match(data, start)
    if head is None:
        return None
    length, kind, from_client, size = head.groups()
    content = head.end()
    tail = _TAIL.match(data, content + int(size))
    if tail is None or head.end(1) + 1 + int(length) != tail.end() - 1:
        return None
    time, injected, dropped = tail.groups()
    message = [
        int(kind),
        from_client == _TRUE,
        data[content : content + int(size)],
        float(time),
        injected == _TRUE,
        dropped == _TRUE,
    ]
    return message, tail.end()


def _pairs(values: list[Any]) -> dict[Any, Any]:
    try:
        return dict(zip(values[::2], values[1::2], strict=True))
    except TypeError as error:
        raise ValueError("no key") from error


def _simple(kind: int, content: bytes) -> Any:
    if kind == _SEMICOLON:
        return content.decode()
    if kind == _HASH:
        return int(content)
    if kind == _CARET:
        return float(content)
    if kind == _BANG and content in (b"true", b"false"):
        return content == b"true"
    if kind == _TILDE and not content:
        return None
    raise ValueError("no type")
