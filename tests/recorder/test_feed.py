"""What happens stands in memory until it is settled: read once, in order, and again by who goes on."""

from __future__ import annotations

import marshal
import os
import resource
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentara_inspect.recorder import feed as feeds
from xentara_inspect.recorder.feed import BEGINNING, Feed, FeedReader, Operation, Place


def read(feed: Feed, place: Place | None = None) -> list[Operation]:
    """All that stands behind a place; by default what is not settled."""
    return list(iter(FeedReader(feed.files, place or feed.settled).read, None))


def memory(feed: Feed) -> list[int]:
    """Bytes of the two files."""
    return [os.fstat(file).st_size for file in feed.files]


def test_what_is_written_is_read_in_its_order_as_soon_as_it_is_there() -> None:
    feed = Feed()
    reader = FeedReader(feed.files, BEGINNING)
    assert reader.read() is None
    feed.append((1, 2, b"\x81\x80"))
    assert reader.read() == (1, 2, b"\x81\x80")
    assert reader.read() is None
    feed.append((1, 2, None, True, "text", (b"",)))
    feed.append(())
    assert [reader.read(), reader.read(), reader.read()] == [(1, 2, None, True, "text", (b"",)), (), None]
    assert reader.place == feed.end
    assert feed.end.number == 3


def test_who_goes_on_is_given_what_is_not_settled() -> None:
    feed = Feed()
    for number in range(4):
        feed.append((number,))
    reader = FeedReader(feed.files, BEGINNING)
    reader.read()
    reader.read()
    feed.settle(reader.place)
    reader.read()
    assert read(feed) == [(2,), (3,)]


def test_a_record_that_is_larger_than_a_piece_is_read_once_it_is_whole() -> None:
    feed = Feed()
    reader = FeedReader(feed.files, BEGINNING)
    large = (bytes(range(256)) * 40_000,)
    feed.append(large)
    assert reader.read() == large
    assert reader.read() is None


def test_what_the_death_of_its_writer_cut_off_is_not_read() -> None:
    feed = Feed()
    feed.append((1,))
    whole = feed.end.offset
    feed.append((2, bytes(1000)))
    for size in range(feed.end.offset - 1, whole, -7):
        os.ftruncate(feed.files[0], size)
        assert read(feed) == [(1,)]


def test_memory_is_given_back_once_what_stood_there_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_TURN", 1000)
    feed = Feed()
    reader = FeedReader(feed.files, BEGINNING)
    most = 0
    for number in range(500):
        feed.append((number, bytes(100)))
        assert reader.read() == (number, bytes(100))
        feed.settle(reader.place)
        most = max(most, sum(memory(feed)))
    assert most < 5000
    feed.append((0, bytes(100_000)))
    assert sum(memory(feed)) > 100_000
    for _ in range(3):  # also where nothing more comes: the reader says where it is, now and then
        reader.read()
        feed.settle(reader.place)
    assert sum(memory(feed)) < 5000


@given(st.lists(st.sampled_from(["write", "read", "settle", "die"]), max_size=80))
def test_whatever_dies_when_each_operation_is_read_once_or_again_behind_the_settled_place(
    steps: list[str],
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(feeds, "_TURN", 100)
        feed = Feed()
        reader = FeedReader(feed.files, BEGINNING)
        for step in steps:
            if step == "write":
                feed.append((feed.end.number, bytes(20)))
            elif step == "settle":
                feed.settle(reader.place)
            elif step == "die":
                reader = FeedReader(feed.files, feed.settled)
            else:
                number = reader.place.number
                assert reader.read() == ((number, bytes(20)) if number < feed.end.number else None)
    assert [number for number, _ in read(feed)] == list(range(feed.settled.number, feed.end.number))
    unread = feed.end.number - feed.settled.number
    assert feed.end.size - feed.settled.size == unread * (8 + len(marshal.dumps((0, bytes(20)), 2)))


def test_where_there_is_no_memory_nothing_is_written() -> None:
    """A limit of the size of files, which holds in memory as well, is met in the middle of a record."""
    script = """
import os, resource, signal
from xentara_inspect.recorder.feed import BEGINNING, Feed, FeedReader
feed = Feed()
feed.append((1, bytes(100)))
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
try:
    feed.append((2, bytes(100_000)))
except OSError as error:
    print(error.strerror)
feed.append((3, bytes(1000)))
print([operation[0] for operation in iter(FeedReader(feed.files, BEGINNING).read, None)])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "Cannot allocate memory\n[1, 3]\n"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_record_that_there_is_no_memory_to_make_is_refused_as_one_there_is_no_place_for() -> None:
    script = """
import resource
from pathlib import Path
from xentara_inspect.recorder.feed import BEGINNING, Feed, FeedReader
feed = Feed()
frame = bytes(40 << 20)
there = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (there + (20 << 20), resource.RLIM_INFINITY))
try:
    feed.append((1, frame))
except OSError as error:
    print(error.strerror)
feed.append((2, b""))
print([operation[0] for operation in iter(FeedReader(feed.files, BEGINNING).read, None)])
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "Cannot allocate memory\n[2]\n"


def test_a_file_without_room_for_the_turn_to_the_other_is_read_all_the_same() -> None:
    script = """
import resource
from xentara_inspect.recorder import feed as feeds
feeds._TURN = 1000
feed = feeds.Feed()
reader = feeds.FeedReader(feed.files, feeds.BEGINNING)
feed.append((1, bytes(1500)))
resource.setrlimit(resource.RLIMIT_FSIZE, (feed.end.offset + 4, resource.RLIM_INFINITY))
for settled in range(2):
    print(reader.read() is not None)
    feed.settle(reader.place)
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
feed.settle(reader.place)
feed.append((2,))
print(reader.read(), feed.end.file)
"""
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == "True\nFalse\n(2,) 1\n"
