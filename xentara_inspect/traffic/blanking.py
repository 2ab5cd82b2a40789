"""Blanking in CBOR without decoding it: one pass over the bytes, no items, no recursion.

What is open is a number, the items still to come, and a stack for what has an indefinite length alone.
Runs of heads that look alike are taken at once, because a peer may send millions of them. Heads,
lengths and offsets stay, so that the blanked bytes decode, and fail, exactly as the original does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from xentara_inspect import cbor
from xentara_inspect.cbor import ARRAY, BYTES, MAP, TAG, TEXT
from xentara_inspect.traffic.blanks import BLANK, Blanks
from xentara_inspect.traffic.heads import (
    BREAK,
    ENDS,
    ONE_BYTE_ITEMS,
    SHORT_TAGS,
    SIZES,
    SMALL,
    UUID_HEAD,
    UUID_SIZE,
    UUIDS,
    UndecodableError,
    end_of_run,
    head,
    like,
)
from xentara_inspect.traffic.modes import MIXED, SHORTEST_TOLD, Mode, in_chunks, mixed_items, steps_of

_DEPTH_LIMIT: Final = 1000
"""Arrays and maps of indefinite length in one another; beyond, nothing is told apart any more."""
_PATIENCE: Final = 256
"""Bytes that are read head by head where no run of items began."""
_FEW: Final = 8  # of a kind that are no run
_MANY: Final = 1000  # bytes to come, for which it pays to look for mixed items
_CHUNKS_TOLD: Final = 100  # of one string
_BLANKS: Final = tuple(bytes((BLANK,)) * (size - 1) for size in range(25))  # by the size of their item
_BREAK: Final = bytes((BREAK,))
_CHUNKED: Final = b"\x5f\x7f"
_ENDLESS_HEADS: Final = b"\x9f\xbf"
_INDEFINITE: Final = _CHUNKED + _ENDLESS_HEADS
_ENDLESS: Final = 1 << 200  # more items than there can be


class TooDeepError(Exception):
    """More is open than is kept count of."""


class Blanker(Blanks):
    """Blanks items of a payload. `tagged`, `suspicious` and `told` are for the classes made of it."""

    def __init__(self, payload: bytes) -> None:
        super().__init__(payload)
        self.unheard = 0  # strings that end there or before are not shown to `told`

    def tagged(self, tag: int, content: int, mode: Mode) -> int:
        """Look at a tag. content: where its content begins. Returns where what was dealt with ends."""
        del tag, mode
        return content

    def suspicious(self, start: int, end: int) -> bool:
        """Whether a byte string is to be blanked, though strings are not."""
        del start, end
        return False

    def told(self, pieces: Sequence[tuple[int, int]]) -> None:
        """Look at a string. pieces: where its content begins and ends; several of one in chunks."""
        del pieces

    def flat(self, mode: Mode) -> None:
        """Blank in the whole payload, whatever is open. Raises UndecodableError."""
        self._scan(0, _ENDLESS, mode, is_flat=True)

    def scan(self, pos: int, count: int, mode: Mode) -> int:
        """Blank in the next items. Returns where they end. Raises UndecodableError, TooDeepError."""
        return self._scan(pos, count, mode)

    def head(self, pos: int) -> tuple[int, int, int]:
        """Major type, argument and end of the head at `pos`; see `heads.head`. Raises UndecodableError."""
        return head(self.payload, pos)

    def _scan(self, pos: int, left: int, mode: Mode, is_flat: bool = False) -> int:
        """left: items to come, all that is open and of definite length taken together.

        One long loop on purpose: a call for each head would cost more than the head itself.
        """
        payload, size = self.payload, len(self.payload)
        steps, grows = steps_of(mode)
        in_endless = is_map = False  # what is open of indefinite length, and how many items it has
        seen = 0
        opened: bytearray | None = None
        retry = 0 if size - pos >= _MANY else size  # where to look for mixed items again
        stack: list[tuple[int, bool, bool, int]] = []
        while True:
            if not left:
                if not in_endless:
                    return pos
                if pos < size and payload[pos] == BREAK:
                    if is_map and seen & 1:
                        raise UndecodableError(pos + 1)
                    pos += 1
                    left, in_endless, is_map, seen = stack.pop()
                    left -= 1
                    continue
                left = 1
                seen += 1
            if pos >= size:
                if is_flat:
                    return pos
                raise UndecodableError(size)
            if mode.told and self.unheard >= size:
                mode = mode._replace(told=False)
                steps, grows = steps_of(mode)
            initial = payload[pos]
            unit = SIZES[initial]
            is_run = False
            if initial not in _INDEFINITE:
                after, far = pos + (unit or 1), pos + _FEW * (unit or 1)
                following = payload[after] if after < size else BREAK
                distant = payload[far] if far < size else BREAK
                is_run = (
                    SIZES[following] == SIZES[distant] == 1 if unit == 1 else following == distant == initial
                )
            start, limit = pos, min(pos + _PATIENCE, size)
            if pos >= retry and not is_run and (left >= MIXED or in_endless):
                pattern = mixed_items(mode)
                while (left >= MIXED or in_endless) and (mixed := pattern.match(payload, pos)) is not None:
                    pos, seen, left = mixed.end(), seen + max(0, MIXED - left), max(0, left - MIXED)
                retry = pos + _PATIENCE if size - pos >= _MANY else size
                if pos > start:
                    continue
            if initial in _CHUNKED:
                pos, left = self._chunks(pos, mode), left - 1
                continue
            if initial in _ENDLESS_HEADS and not is_flat:
                if len(stack) >= _DEPTH_LIMIT:
                    raise TooDeepError
                stack.append((left, in_endless, is_map, seen))
                left, in_endless, is_map, seen, pos = 0, True, initial >> 5 == MAP, 0, pos + 1
                continue
            if steps[initial] and not is_run:
                while pos < limit:  # head by head, as fast as can be
                    if not left:
                        if not in_endless or payload[pos] == BREAK:
                            break
                        left, seen = 1, seen + 1
                    initial = payload[pos]
                    step = steps[initial]
                    if step > 0:
                        pos += step
                    elif step and pos - step <= size:
                        if opened is None:
                            opened = self.opened()
                        if step == -2:
                            opened[pos + 1] = BLANK
                        else:
                            opened[pos + 1 : pos - step] = _BLANKS[-step]
                        pos -= step
                    else:
                        break
                    left += grows[initial]
                if pos > size:
                    raise UndecodableError(pos - step + 1)
                if pos > start:
                    continue
            if unit or (not (mode.strings or mode.told) and payload.startswith(UUID_HEAD, pos)):
                count, pos = self._run(pos, unit, size if in_endless else left, mode)
                if count > left:
                    seen += count - left
                    left = 0
                else:
                    left -= count
                continue
            if 0xC0 <= initial < 0xD8:
                pos = end_of_run(SHORT_TAGS, payload, pos, pos + 1)
                continue
            if is_flat and initial in (0x9F, 0xBF, BREAK):
                pos = end_of_run(ENDS, payload, pos, pos + 1)
                continue
            major, argument, end = head(payload, pos)
            if major == TAG:
                if end - pos - 1 >= mode.tag:
                    self.blank(pos + 1, end)
                pos = end
                if mode.watch:
                    pos = self.tagged(argument, end, mode)
                    if pos > end:
                        left -= 1
            elif major in (BYTES, TEXT):
                pos = self._string(major, argument, end, mode)
                left -= 1
            elif major == cbor.SIMPLE:  # a simple value of two bytes
                if mode.number == 1:
                    self.blank(pos + 1, end)
                pos = end
                left -= 1
            else:
                items = argument if major == ARRAY else 2 * argument
                if initial in SMALL:
                    end = end_of_run(like(initial, 1), payload, pos, end)
                    items = (end - pos) * (items - 1) + 1
                left += items - 1
                pos = end

    def _run(self, pos: int, unit: int, room: int, mode: Mode) -> tuple[int, int]:
        """Take items of one size that begin alike, at most `room`. Returns their number and end."""
        payload, size = self.payload, len(self.payload)
        initial = payload[pos]
        if not unit:
            end = end_of_run(UUIDS, payload, pos, 0, pos + room * UUID_SIZE)
            if not end:
                raise UndecodableError(pos + len(UUID_HEAD))
            return (end - pos) // UUID_SIZE, end
        end = pos + unit
        if end > size:
            raise UndecodableError(pos + 1)  # of a string the content, of a number what is there of it
        if room > 1 and end < size and (unit == 1 or payload[end] == initial):
            pattern = ONE_BYTE_ITEMS if unit == 1 else like(initial, unit)
            end = end_of_run(pattern, payload, pos, end, pos + room * unit)
        if unit > 1:
            self._blank_run(pos, end, unit, mode)
        return (end - pos) // unit, end

    def _blank_run(self, start: int, end: int, unit: int, mode: Mode) -> None:
        """Blank items of one size that begin alike, if they are to be blanked."""
        initial = self.payload[start]
        major = initial >> 5
        is_string = major in (BYTES, TEXT)
        if is_string and mode.told and unit > SHORTEST_TOLD and end > self.unheard:
            for one in range(start + max(0, self.unheard - start) // unit * unit, end, unit):
                if one + unit > self.unheard:
                    self.told([(one + 1, one + unit)])
        if mode.strings if is_string else unit - 1 >= mode.number:
            self.write(start, (bytes((initial,)) + bytes((BLANK,)) * (unit - 1)) * ((end - start) // unit))
        elif major == BYTES and mode.watch and self.suspicious(start, end):
            for one in range(start, end, unit):
                if self.suspicious(one, one + unit):
                    self.blank(one + 1, one + unit)

    def _string(self, major: int, length: int, start: int, mode: Mode) -> int:
        end = start + length
        if end > len(self.payload):
            raise UndecodableError(start)
        if mode.told and end > self.unheard:
            self.told([(start, end)])
        if mode.strings or (major == BYTES and mode.watch and self.suspicious(start, end)):
            self.blank(start, end)
        return end

    def _chunks(self, pos: int, mode: Mode) -> int:
        """A string of indefinite length (RFC 8949 section 3.2.3)."""
        payload = self.payload
        major = payload[pos] >> 5
        inner = in_chunks(mode, major)
        pieces: list[tuple[int, int]] = []
        pos += 1
        while pos < len(payload):
            if payload[pos] == BREAK:
                if mode.told:
                    self.told(pieces)
                return pos + 1
            if payload[pos] >> 5 != major or payload[pos] & 31 == 31:
                raise UndecodableError(pos + 1)
            unit = SIZES[payload[pos]]
            end = pos + unit
            if (
                unit and payload[end : end + 1] == _BREAK and not (mode.told and unit > 1)
            ):  # one alone, or the last
                if unit > 1 and inner.strings:
                    self.opened()[pos + 1 : end] = _BLANKS[unit]
                pos = end
                continue
            end = end_of_run(like(payload[pos], unit), payload, pos, 0) if unit else 0
            if end and unit > 1:
                self._blank_run(pos, end, unit, inner)
                last = min(end, pos + unit * (_CHUNKS_TOLD - len(pieces)))
                pieces += [(one + 1, one + unit) for one in range(pos, last, unit)]
            elif not end:
                _, length, start = self.head(pos)
                end = self._string(major, length, start, inner)
                if len(pieces) < _CHUNKS_TOLD:
                    pieces.append((start, end))
            pos = end
        raise UndecodableError(len(payload))
