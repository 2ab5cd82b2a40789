"""`decode`: bytes in hexadecimal, base64 or raw to annotated notation, without a database."""

from __future__ import annotations

import base64
import binascii
import contextlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import click

from xentara_inspect.cli.failures import Failure
from xentara_inspect.cli.printing import note, out, terminal_width
from xentara_inspect.cli.wrapping import wrapped
from xentara_inspect.notation.messages import annotate_by_pieces
from xentara_inspect.traffic import packets
from xentara_inspect.traffic.redaction import redact

_HEX_DECORATION: Final = re.compile(r"0[xX]|\\x|[\s,:]+")
_HEX_DIGITS: Final = re.compile(r"[0-9a-fA-F]*")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{4,}={0,2}")
_BYTES_A_LINE: Final = 16
_MOST: Final = 256 << 20  # bytes of what is no file: a device has no end
_UNREADABLE: Final = "the input is neither hexadecimal nor base64 (raw bytes are read with --file)"


@click.command()
@click.argument("pieces", nargs=-1, metavar="[HEX|-]...")
@click.option("-f", "--file", type=click.Path(path_type=Path), help="Read a file.")
@click.option("--hex", "show_bytes", is_flag=True, help="Show each line beside its bytes and their offset.")
@click.option(
    "--from", "sender", type=click.Choice(["client", "server"]), help="Who sent it, to check the direction."
)
@click.option("--no-comments", is_flag=True, help="The bare notation.")
@click.option("--keep-secrets", is_flag=True, help="Show passwords and tokens of create_sub_session.")
def decode(
    pieces: tuple[str, ...],
    file: Path | None,
    show_bytes: bool,
    sender: str | None,
    no_comments: bool,
    keep_secrets: bool,
) -> None:
    r"""Decode the bytes of a message to annotated CBOR diagnostic notation.

    HEX may hold spaces, line breaks, commas, colons, 0x and \x, and come in several arguments. With
    - or without HEX the standard input is read.

    The form is found out so: what consists of pairs of hexadecimal digits, the above aside, is
    hexadecimal; else, what has only the letters of base64 (or base64url), at least four, is that.
    Files and standard input may also hold the raw bytes: what is neither of the two, and no plain
    ASCII text.

    Exit status: 0 for well-formed CBOR; 1 for malformed CBOR, after what could be read of it, and
    for input that cannot be read at all.
    """
    data = " ".join(pieces) or None
    if data not in (None, "-") and file is not None:
        raise click.UsageError("Give HEX or --file, not both.")
    if no_comments and show_bytes:
        raise click.UsageError("--hex and --no-comments do not go together.")
    payload = _payload(data, file)
    if payload is None:
        raise Failure(_UNREADABLE)
    from_client = None if sender is None else sender == "client"
    shown = payload if keep_secrets else redact(payload, from_client)
    if shown is not payload:
        note("What may be a secret is blanked; --keep-secrets shows it.")
        payload = shown
    message = packets.parse(payload)
    annotate_by_pieces(
        message,
        payload,
        _BesideBytes(payload).print if show_bytes else _print,
        from_client=from_client,
        comments=not no_comments,
        by_templates=not show_bytes,
    )
    if message.error is not None:
        raise click.exceptions.Exit(1)


def _print(lines: Sequence[str], _ends: Sequence[int]) -> None:
    out(wrapped("\n".join(lines), terminal_width()))


class _BesideBytes:
    """Prints lines of notation, each behind the offset and the bytes it came from; 16 bytes a line."""

    def __init__(self, payload: bytes) -> None:
        self._payload = payload
        self._start = 0

    def print(self, lines: Sequence[str], ends: Sequence[int]) -> None:
        """Print the lines that follow. ends: for each the offset behind its last byte."""
        rows: list[str] = []
        digits = len(f"{len(self._payload):x}")
        blank = " " * (digits + 2 + 3 * _BYTES_A_LINE)
        for text, end in zip(lines, ends, strict=True):
            if self._start == end:
                rows.append(f"{blank}{text}")
            for offset in range(self._start, end, _BYTES_A_LINE):
                chunk = self._payload[offset : min(offset + _BYTES_A_LINE, end)].hex(" ")
                shown = text if offset == self._start else ""
                rows.append(f"{offset:0{digits}x}  {chunk:<{3 * _BYTES_A_LINE}}{shown}".rstrip())
            self._start = end
        out("\n".join(rows))


def from_text(text: str) -> bytes | None:
    """The bytes that hexadecimal or base64 text stands for; None where it is neither."""
    digits = _HEX_DECORATION.sub("", text)
    is_hex = _HEX_DIGITS.fullmatch(digits) is not None
    if is_hex and digits and len(digits) % 2 == 0:
        return bytes.fromhex(digits)
    letters = "".join(text.split())
    # An odd number of hexadecimal digits is a slip of whoever copied them, not base64.
    if not _BASE64.fullmatch(letters) or is_hex:
        return None
    letters = letters.rstrip("=").translate(str.maketrans("-_", "+/"))
    try:
        return base64.b64decode(letters + "=" * (-len(letters) % 4), validate=True)
    except binascii.Error:
        return None


def _payload(data: str | None, file: Path | None) -> bytes | None:
    if data not in (None, "-"):
        return from_text(str(data))
    if file is not None and file.is_file():
        content = file.read_bytes()
    else:
        with file.open("rb") if file is not None else contextlib.nullcontext(sys.stdin.buffer) as source:
            content = source.read(_MOST + 1)
        if len(content) > _MOST:
            raise Failure(f"there is more to decode than {_MOST >> 20} MiB")
    if not content:
        raise Failure("there is nothing to decode")
    if not content.isascii():
        return content
    found = from_text(content.decode("ascii"))
    return content if found is None and not _is_prose(content) else found


def _is_prose(content: bytes) -> bool:
    """Whether bytes are printable text through and through, which no message is."""
    return content.decode("ascii").replace("\n", "").replace("\r", "").replace("\t", "").isprintable()


if __name__ == "__main__":
    decode()
