"""What happens stands in memory until it is settled: read once, in order, and again by who goes on."""

from __future__ import annotations

import marshal
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from xentara_inspect.recorder import feed as feeds
from xentara_inspect.recorder.feed import Feed, FeedReader, Operation

ROOT = Path(__file__).parents[2]


class Files:
    """What a feed is written to, and read from."""

    def __init__(self) -> None:
        self.files = [os.memfd_create("feed") for _ in range(2)]
        self.begins = [0, 0]
        self.feed = Feed(self.files, self.begins)

    def __del__(self) -> None:
        for file in self.files:
            os.close(file)

    def reader(self, number: int = 0, place: int = 0) -> FeedReader:
        return FeedReader(self.files, self.begins, number, place)

    def read(self, place: int = 0) -> list[Operation]:
        """All that stands behind a place."""
        return list(iter(self.reader(0, place).read, None))

    def memory(self) -> int:
        """Bytes of the two files."""
        return sum(os.fstat(file).st_size for file in self.files)


def test_what_is_written_is_read_in_its_order_as_soon_as_it_is_there() -> None:
    files = Files()
    feed, reader = files.feed, files.reader()
    assert reader.read() is None
    feed.append((1, 2, b"\x81\x80"))
    assert reader.read() == (1, 2, b"\x81\x80")
    assert reader.read() is None
    feed.append((1, 2, None, True, "text", (b"",)))
    feed.append(())
    assert [reader.read(), reader.read(), reader.read()] == [(1, 2, None, True, "text", (b"",)), (), None]
    assert (reader.number, reader.place) == (feed.number, feed.end)
    assert feed.number == 3


def test_who_goes_on_is_given_what_is_not_settled() -> None:
    files = Files()
    for number in range(4):
        files.feed.append((number,))
    reader = files.reader()
    reader.read()
    reader.read()
    settled = reader.place
    files.feed.settle(settled)
    reader.read()
    assert files.read(settled) == [(2,), (3,)]


def test_a_record_that_is_larger_than_a_piece_is_read_once_it_is_whole() -> None:
    files = Files()
    feed, reader = files.feed, files.reader()
    large = (bytes(range(256)) * 40_000,)
    feed.append(large)
    assert reader.read() == large
    assert reader.read() is None


def test_what_the_death_of_its_writer_cut_off_is_not_read() -> None:
    files = Files()
    files.feed.append((1,))
    whole = files.feed.end
    files.feed.append((2, bytes(1000)))
    (written,) = (file for file in files.files if os.fstat(file).st_size)
    for size in range(files.feed.end - 1, whole, -7):
        os.ftruncate(written, size)
        assert files.read() == [(1,)]


def test_memory_is_given_back_once_what_stood_there_is_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feeds, "_TURN", 1000)
    files = Files()
    feed, reader = files.feed, files.reader()
    most = 0
    for number in range(500):
        feed.append((number, bytes(100)))
        assert reader.read() == (number, bytes(100))
        feed.settle(reader.place)
        most = max(most, files.memory())
    assert most < 5000
    feed.append((0, bytes(100_000)))
    assert files.memory() > 100_000
    reader.read()
    for _ in range(2):  # also where nothing more comes: that is done now and then
        feed.settle(reader.place)
    assert files.memory() == 0


@given(st.lists(st.sampled_from(["write", "read", "settle", "die"]), max_size=80))
def test_whatever_dies_when_each_operation_is_read_once_or_again_behind_the_settled_place(
    steps: list[str],
) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(feeds, "_TURN", 100)
        files = Files()
        feed, reader = files.feed, files.reader()
        number = place = 0
        for step in steps:
            if step == "write":
                feed.append((feed.number, bytes(20)))
            elif step == "settle":
                number, place = reader.number, reader.place
                feed.settle(place)
            elif step == "die":
                reader = files.reader(number, place)
            else:
                next_ = reader.number
                assert reader.read() == ((next_, bytes(20)) if next_ < feed.number else None)
    assert [read for read, _ in files.read(place)] == list(range(number, feed.number))
    assert feed.end - place == (feed.number - number) * (8 + len(marshal.dumps((0, bytes(20)), 2)))


def test_where_there_is_no_memory_nothing_is_written() -> None:
    """A limit of the size of files, which holds in memory as well, is met in the middle of a record."""
    script = """
import resource
from tests.recorder.test_feed import Files
files = Files()
feed = files.feed
feed.append((1, bytes(100)))
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
try:
    feed.append((2, bytes(100_000)))
except OSError as error:
    print(error.strerror)
feed.append((3, bytes(1000)))
print([operation[0] for operation in files.read()])
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "Cannot allocate memory\n[1, 3]\n"
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_record_that_there_is_no_memory_to_make_is_refused_as_one_there_is_no_place_for() -> None:
    script = """
import resource
from pathlib import Path
from tests.recorder.test_feed import Files
files = Files()
feed = files.feed
frame = bytes(40 << 20)
there = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (there + (20 << 20), resource.RLIM_INFINITY))
try:
    feed.append((1, frame))
except OSError as error:
    print(error.strerror)
feed.append((2, b""))
print([operation[0] for operation in files.read()])
"""
    run = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert run.stdout == "Cannot allocate memory\n[2]\n"
