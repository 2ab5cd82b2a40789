"""What is to be blanked where, and what follows from that for heads and for runs of items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Final, NamedTuple

from xentara_inspect.cbor import BYTES, TAG, TEXT, WIDTHS
from xentara_inspect.protocol import identifiers, objects
from xentara_inspect.traffic.heads import SIZES, SMALL, UUIDS

MIXED: Final = 64
"""Items in each piece of what `mixed_items` matches."""

SHORTEST_TOLD: Final = 4
"""Bytes of the shortest string that is shown to who looks at strings."""

_NEVER: Final = 9  # no argument has so many bytes
_MOST_ITEMS: Final = 4  # of a small container
_LONG: Final = 100  # bytes of a text that is not small
_TAGS_THAT_MATTER: Final = b"".join(
    rb"\x%02x" % tag for tag in (identifiers.TAG_UUID, *objects.AUTHENTICATION.by_tag)
)


class Mode(NamedTuple):
    """What is blanked.

    strings: all of them. number, tag: arguments of numbers and tags, from so many bytes on. watch:
    whether tags and byte strings are shown to `tagged` and `suspicious`. value: whether this is where
    a command takes any value. told: whether strings are shown to `told`, but for very short ones.
    """

    strings: bool = False
    number: int = _NEVER
    tag: int = _NEVER
    watch: bool = False
    value: bool = False
    told: bool = False


@lru_cache(maxsize=16)
def steps_of(mode: Mode) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """By initial byte: how many bytes to go on, and how many more items are to come then.

    Bytes below 0 where all but the head is to be blanked, 0 where more is to be done or the head does
    not tell.
    """
    grows = tuple(0 if initial >> 5 == TAG else SMALL.get(initial, 0) - 1 for initial in range(256))
    return tuple(1 if initial in SMALL else _step(initial, mode) for initial in range(256)), grows


@lru_cache(maxsize=16)
def in_chunks(mode: Mode, major: int) -> Mode:
    """In a string of indefinite length. What stands in bytes may begin in one chunk and end in the next."""
    return mode._replace(strings=mode.strings or (mode.watch and major == BYTES), told=False)


def _step(initial: int, mode: Mode) -> int:
    """Of an item that its initial byte tells the size of, or the head of a tag."""
    if initial >> 5 == TAG:
        width = 0 if initial & 31 < 24 else WIDTHS.get(initial & 31, 0)
        if initial & 31 >= 24 and (mode.watch or not width):
            return 0
        return -1 - width if width >= mode.tag else 1 + width
    size, major = SIZES[initial], initial >> 5
    if size <= 1:
        return size
    if major not in (BYTES, TEXT):
        return -size if size > mode.number else size
    if mode.told and size > SHORTEST_TOLD:
        return 0
    if mode.strings:
        return -size
    return 0 if mode.watch and major == BYTES else size


@lru_cache(maxsize=16)
def mixed_items(mode: Mode) -> re.Pattern[bytes]:
    """`MIXED` items in which there is nothing to blank, whatever their heads, small containers included.

    Made when somebody sends so many: that takes a while. What is rarely inside of containers is looked for
    in the outermost only, since every alternative stands in the pattern once for each container around it.
    """
    scalars = list(_scalars(mode))
    inner = b"|".join(scalars)
    some = b"|".join((*scalars, *_containers(inner)))
    kinds = [*scalars, *_containers(some), *_endless(some)]
    if not (mode.strings or mode.told):
        kinds.append(rb"\x7f(?:%s){0,8}+\xff" % b"|".join(_of_size(0x60 + n, n) for n in range(24)))
        kinds.append(rb"\x78(?:%s)" % b"|".join(_of_size(n, n) for n in range(24, _LONG)))
        kinds += [_innocent(n) for n in range(1, 24)] if mode.watch else []
    kinds.append(rb"\xd8[^%s](?:%s)" % (_TAGS_THAT_MATTER, some))
    return re.compile(rb"(?:[\xc0-\xd7]{0,3}+(?:%s)){%d}+" % (b"|".join(kinds), MIXED), re.DOTALL)


def _scalars(mode: Mode) -> Iterator[bytes]:
    """Patterns of items that their initial byte tells the size of, and in which there is nothing to blank."""
    for size in sorted(set(SIZES) - {0}):
        if heads := [initial for initial in range(256) if SIZES[initial] == size == _step(initial, mode)]:
            yield rb"[%s]%s" % (b"".join(rb"\x%02x" % initial for initial in heads), rb"." * (size - 1))
    if not (mode.strings or mode.told):
        yield UUIDS.pattern.removesuffix(b"++")


def _containers(item: bytes) -> Iterator[bytes]:
    for count in range(1, _MOST_ITEMS + 1):
        yield rb"\x%02x(?:%s){%d}+" % (0x80 + count, item, count)
    for pairs in range(1, _MOST_ITEMS // 2 + 1):
        yield rb"\x%02x(?:%s){%d}+" % (0xA0 + pairs, item, 2 * pairs)


def _endless(item: bytes) -> Iterator[bytes]:
    yield rb"\x9f(?:%s){0,16}+\xff" % item
    yield rb"\xbf(?:(?:%s){2}+){0,8}+\xff" % item


def _of_size(initial: int, size: int) -> bytes:
    return rb"\x%02x%s" % (initial, rb"." * size)


def _innocent(size: int) -> bytes:
    """A byte string in which no request and no tag of credentials begins, nor behind it where it ends so."""
    return rb"\x%02x(?:[^\x83\x84\x9f\xd8-\xdb]{%d}|(?:%s){%d}+)" % (
        0x40 + size,
        size,
        rb"[^\x83\x84\x9f\xd8-\xdb]|[\x83\x84\x9f\xd9-\xdb](?!\x00)|\xd8(?![%s])" % _TAGS_THAT_MATTER,
        size,
    )
