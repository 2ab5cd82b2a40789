"""What may stay of parameters that have a secret: what has its place there and is declared to be none."""

from __future__ import annotations

from typing import Final, assert_never

from xentara_inspect.cbor import ARRAY, BYTES, MAP, NINT, TAG, TEXT, UINT
from xentara_inspect.protocol import identifiers
from xentara_inspect.protocol.shape_types import (
    Alternatives,
    Anything,
    ArrayOf,
    AttributeId,
    Boolean,
    Bytes,
    Integer,
    MapOf,
    Object,
    Shape,
    Text,
    TimePoint,
    Uuid,
)
from xentara_inspect.traffic.blanking import Blanker
from xentara_inspect.traffic.modes import Mode

SECRET: Final = Mode(strings=True, number=1, tag=4, told=True)
"""Where credentials ought to be: all strings, and all numbers that are not a head alone."""


class ShapedBlanker(Blanker):
    """Blanks by shapes. Goes no deeper than they do."""

    def integer(self, pos: int) -> tuple[int | None, int]:
        """The integer at `pos`, None for anything else; where it ends."""
        major, argument, end = self.head(pos)
        if major > NINT:
            return None, pos
        return (argument if major == UINT else -1 - argument), end

    def shaped(self, pos: int, shape: Shape) -> int:
        """Blank an item of this shape, and what stands in its place. Goes no deeper than the shape does."""
        match shape:
            case Object():
                return self._object(pos, shape)
            case ArrayOf():
                return self._array(pos, shape)
            case Alternatives():
                major, tag, content = self.head(pos)
                option = shape.by_tag.get(tag) if major == TAG else None
                return self.scan(pos, 1, SECRET) if option is None else self.shaped(content, option.shape)
            case _:
                return self.scan(pos, 1, SECRET)

    def _array(self, pos: int, shape: ArrayOf) -> int:
        major, count, end = self.head(pos)
        if major != ARRAY:
            return self.scan(pos, 1, SECRET)
        while count:
            if count < 0 and self.payload[end : end + 1] == b"\xff":
                return end + 1
            start, is_public = end, self._is_public(end, shape.element)
            end = self.shaped(start, shape.element)
            if is_public:
                self.restore(start, end)
            count -= count > 0
        return end

    def _object(self, pos: int, shape: Object) -> int:
        major, count, end = self.head(pos)
        if major != MAP:
            return self.scan(pos, 1, SECRET)
        public: dict[int, tuple[int, int]] = {}
        is_proper = True
        while count:
            if count < 0 and self.payload[end : end + 1] == b"\xff":
                end += 1
                break
            key, start = self.integer(end)
            entry = shape.by_key.get(key) if key is not None else None
            if key is None or entry is None or key in public:
                is_proper = False
                end = self.scan(end, 2, SECRET)
            else:
                is_public = self._is_public(start, entry.shape)
                end = self.shaped(start, entry.shape)
                public[key] = (start, end) if is_public else (start, start)
            count -= count > 0
        if is_proper and all(entry.optional or entry.key in public for entry in shape.fields):
            for start, stop in public.values():
                self.restore(start, stop)
        return end

    def _is_public(self, pos: int, shape: Shape) -> bool:
        """Whether what stands here has the shape that it ought to have, and that is no secret.

        Of compounds nothing is: what is in them would have to be remembered until they end.
        """
        major, argument, end = self.head(pos)
        is_uuid = major == TAG and argument == identifiers.TAG_UUID and self.head(end)[:2] == (BYTES, 16)
        match shape:
            case Text():
                return major == TEXT and not shape.secret
            case Bytes():
                return major == BYTES and not shape.secret
            case Integer():
                return major <= NINT
            case Boolean():
                return self.payload[pos] in (0xF4, 0xF5)
            case Uuid():
                return is_uuid
            case AttributeId():
                return is_uuid or major <= NINT
            case Anything() | TimePoint() | ArrayOf() | MapOf() | Object() | Alternatives():
                return False
            case _:
                assert_never(shape)
