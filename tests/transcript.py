"""Conversations in tests: lines of diagnostic notation between a client and a server."""

from __future__ import annotations

from collections.abc import Sequence

import cbor_diag

from xentara_inspect.frames import Frame
from xentara_inspect.traffic.names import Names
from xentara_inspect.traffic.records import Decoded, Exchange, Finding
from xentara_inspect.traffic.session import Session

MILLISECOND = 1_000_000


def edn(text: str) -> bytes:
    """The bytes of one item in diagnostic notation, by an independent parser."""
    return bytes(cbor_diag.diag2cbor(text))


class Transcript:
    """A session fed line by line: `>` a client's message, `<` the server's, one millisecond apart.

    The frames are numbered from 1.

    `>hex:` and `<hex:` take hex, `>text:` and `<text:` a text message.
    """

    def __init__(self, *lines: str, names: Names | None = None, session: Session | None = None) -> None:
        self.session = session if session is not None else Session(names)
        self.decoded: list[Decoded] = []
        self.time = 0
        self.number = 0
        self.say(*lines)

    def say(self, *lines: str) -> Transcript:
        for line in lines:
            self.number += 1
            self.decoded += self.session.feed(self.frame(line), self.number)
        return self

    def frame(self, line: str) -> Frame:
        self.time += MILLISECOND
        from_client, rest = line[0] == ">", line[1:]
        assert line[0] in "<>"
        if rest.startswith("hex:"):
            return Frame(self.time, from_client, False, bytes.fromhex(rest[4:]))
        if rest.startswith("text:"):
            return Frame(self.time, from_client, True, rest[5:].encode())
        return Frame(self.time, from_client, False, edn(rest))

    def close(self) -> Transcript:
        self.decoded += self.session.close(self.time)
        return self

    @property
    def exchanges(self) -> Sequence[Exchange]:
        return [exchange for decoded in self.decoded for exchange in decoded.opened]

    @property
    def findings(self) -> Sequence[Finding]:
        return [finding for decoded in self.decoded for finding in decoded.findings]

    @property
    def codes(self) -> list[str]:
        return [finding.code for finding in self.findings]
