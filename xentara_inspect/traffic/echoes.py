"""What a server says of the secrets that it was sent: in its error text, its close reason, its information.

Whoever blanks what a client sends knows the secrets meanwhile. They are remembered for as long as their
session is recorded: in memory alone, a bounded number, and never shown. Where the server says one of them
later, it is blanked at its length.

A secret is what stood where credentials ought to, and what came with the request for the connection; the
last text message, which may be anything, counts as one, and so does each long word in it. It is found in
strings and in text: as it is, in hexadecimal, in base64, and its beginning where the server quotes no more.
It is not found where a number was the secret, where it is split over messages or over the chunks of a
string, where its end alone is quoted, and in other spellings.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from heapq import heapify, heappop, heapreplace
from itertools import chain, islice
from typing import Final

from xentara_inspect.frames import Frame
from xentara_inspect.traffic.blanking import Blanker, TooDeepError
from xentara_inspect.traffic.blanks import BLANK
from xentara_inspect.traffic.heads import UndecodableError
from xentara_inspect.traffic.modes import Mode
from xentara_inspect.traffic.redaction import redact
from xentara_inspect.traffic.secret_search import LONGEST, Search, may_be_secret, spellings

_MOST: Final = 32
"""Secrets that are remembered of a session, the newest: what is echoed is so soon."""

_MANY: Final = 20_000
"""Places in one message that are looked at; where there are more, all strings that follow are blanked."""

_MOST_WORDS: Final = 8  # of a text message
_LIKE_A_TOKEN: Final = re.compile(rb"[^\s\"'`,;:=&?(){}<>\[\]]{16,}")
_STRINGS: Final = Mode(told=True)


class SessionSecrets:
    """The secrets that a session has sent. Frames are to be given in their order."""

    def __init__(self, values: Iterable[bytes] = ()) -> None:
        """values: those that are known when it begins."""
        self._values: dict[bytes, tuple[bytes, ...]] = {}  # how each may be written, the newest last
        self._texts: list[bytes] = []  # how the last text message may be written, and what is in it
        self._made: Search | None = None
        self.learn(values)

    def __repr__(self) -> str:
        return f"<{len(self._values)} secrets>"

    @property
    def values(self) -> tuple[bytes, ...]:
        """All that are remembered. They belong on no disk, and in no log."""
        return tuple(self._values)

    def learn(self, values: Iterable[bytes]) -> None:
        """Remember secrets."""
        found = [value[:LONGEST] for value in values if may_be_secret(value)]
        for value in found:
            self._values[value] = self._values.pop(value, ()) or tuple(spellings(value))
        for value in list(self._values)[:-_MOST]:
            del self._values[value]
        if found:
            self._made = None

    def _learn_text(self, text: bytes) -> None:
        parts = (text, *islice((part[0] for part in _LIKE_A_TOKEN.finditer(text)), _MOST_WORDS))
        self._texts = [one for part in parts if may_be_secret(part) for one in spellings(part[:LONGEST])]
        self._made = None

    @property
    def _search(self) -> Search:
        """For all of them. Made once something is to be looked through: often that never comes."""
        if self._made is None:
            self._made = Search(chain(*self._values.values(), self._texts))
        return self._made

    def without(self, frame: Frame, *, is_cut: bool = False) -> Frame:
        """The frame with its secrets blanked, and with those before it in what a server says.

        is_cut: whether it is the beginning of one. The same object where it has none. Never raises.
        """
        payload = frame.payload
        try:
            blanked = self._of_client(frame) if frame.from_client else self._of_server(frame, is_cut)
        except Exception:  # a bug must neither stop the traffic nor let a secret through
            blanked = bytes((BLANK,)) * len(payload)
        return frame if blanked is payload else frame._replace(payload=blanked)

    def _of_client(self, frame: Frame) -> bytes:
        found: list[bytes] = []
        blanked = redact(frame.payload, True, frame.is_text, found)
        if found:
            self.learn(found)
        elif frame.is_text and blanked is not frame.payload:
            self._learn_text(frame.payload)
        return blanked

    def _of_server(self, frame: Frame, is_cut: bool) -> bytes:
        payload = frame.payload
        if not self._search.may_be_in(payload) and not (is_cut and self._search.cut_off_in(payload)):
            return payload
        echoes = _Echoes(payload, self._search)
        echoes.run(is_text=frame.is_text)
        return echoes.result

    def without_in(self, text: str | None) -> str | None:
        """A text that a server chose, such as a close reason, without them."""
        if text is None or not self._search:
            return text
        content = text.encode(errors="surrogatepass")
        echoes = _Echoes(content, self._search)
        echoes.run(is_text=True)
        return echoes.result.decode(errors="surrogatepass")


class _Echoes(Blanker):
    """A server's message, in whose strings secrets are blanked. What cannot be decoded is one string."""

    def __init__(self, payload: bytes, search: Search) -> None:
        super().__init__(payload)
        self._search = search
        self._left = _MANY
        self._coming = [(at, head) for head in search.heads if (at := payload.find(head)) >= 0]
        heapify(self._coming)
        self._pass_by(0)

    def run(self, *, is_text: bool) -> None:
        """Blank them."""
        size, rest = len(self.payload), 0
        if not is_text:
            try:
                try:
                    self.scan(0, size, _STRINGS)  # more items than there can be: it ends with the bytes
                except TooDeepError:
                    self.flat(_STRINGS)
            except UndecodableError as error:
                rest = error.offset
            else:
                return
        self.told([(rest, size)])
        start, end = self._search.last_place(self.payload[rest:])
        self.blank(rest + start, rest + end)

    def told(self, pieces: Sequence[tuple[int, int]]) -> None:
        """Blank them in a string."""
        for start, end in pieces:
            if not self._left:
                self.blank(start, end)
            elif end > self.unheard:
                self._blank_in(start, end)
                self._pass_by(end)

    def _pass_by(self, end: int) -> None:
        """Find what looks like one from here on. Each is looked for once in each part of the payload."""
        coming = self._coming
        while coming and coming[0][0] < end:
            head = coming[0][1]
            at = self.payload.find(head, end)
            if at >= 0:
                heapreplace(coming, (at, head))
            else:
                heappop(coming)
        if self._left:
            self.unheard = coming[0][0] if coming else len(self.payload)

    def _blank_in(self, start: int, end: int) -> None:
        for first, last in self._search.places(self.payload[start:end]):
            if last > first:
                self.blank(start + first, start + last)
            self._left -= 1
            if not self._left:
                self.blank(start, end)
                self.unheard = 0
                return
