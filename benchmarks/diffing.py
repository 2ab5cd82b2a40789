"""CPU seconds and memory of comparing recordings, in the cases that are bad for alignments too.

`python -m benchmarks.diffing [exchanges]`.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import cbor2

from benchmarks.machine import about
from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.index.process import catch_up
from xentara_inspect.protocol import commands, identifiers
from xentara_inspect.store.importing import Importer

_START: Final = 1_700_000_000_000_000_000
_STEP: Final = 1_000_000
_SEED: Final = 7

Asked = tuple[int, float]
"""An element by its number, and the value that is answered."""


def frames(asked: Sequence[Asked]) -> list[Frame]:
    """Reads, each answered before the next."""
    said: list[Frame] = []
    for number, (place, value) in enumerate(asked):
        uuid = cbor2.CBORTag(37, place.to_bytes(16, "big"))
        request = [0, number, commands.READ, {0: uuid, 1: [identifiers.ATTRIBUTE_VALUE]}]
        answer = [1, number, {identifiers.ATTRIBUTE_VALUE: cbor2.CBORTag(121, value)}]
        for from_client, packet in ((True, request), (False, answer)):
            said.append(Frame(_START + len(said) * _STEP, from_client, False, cbor2.dumps([packet])))
    return said


def make(database: Path, asked: Sequence[Asked]) -> None:
    """Fill and index a database."""
    said = frames(asked)
    info = SessionInfo("1", None, None, "/api/ws", "xentara-v1", None, _START, "benchmark")
    with Importer(database) as importer:
        importer.add(info, said, Closing(_START + len(said) * _STEP, 1000, None))
    catch_up(database)


def cases(count: int) -> dict[str, tuple[list[Asked], list[Asked]]]:
    """What is compared with what."""
    chance = random.Random(_SEED)

    def polled(kinds: int) -> list[Asked]:
        return [(1 + number % kinds, 1.5) for number in range(count)]

    def half(asked: list[Asked]) -> list[Asked]:
        return [asked[place] for place in sorted(chance.sample(range(len(asked)), len(asked) // 2))]

    def shuffled(asked: list[Asked]) -> list[Asked]:
        return chance.sample(asked, len(asked))

    def changed(asked: list[Asked]) -> list[Asked]:
        return [(place, value + 1) for place, value in asked]

    poll, each = polled(100), polled(count)
    return {
        "the same": (poll, poll),
        "one request polled, half missing": (polled(1), half(polled(1))),
        "one request polled, every value changed": (polled(1), changed(polled(1))),
        "100 requests polled, half missing": (poll, half(poll)),
        "100 requests polled, in any order": (poll, shuffled(poll)),
        "every request another, half missing": (each, half(each)),
        "every request another, in any order": (each, shuffled(each)),
        "every request another, every value changed": (each, changed(each)),
        "nothing in common": (each, [(place + count, value) for place, value in each]),
    }


def measure(*arguments: str | Path) -> tuple[float, float, int]:
    """CPU seconds and MiB of `diff`, and how many differences it prints."""
    command = [Path(sys.executable).parent / "xentara-inspect", "diff", *arguments, "--ndjson"]
    with tempfile.TemporaryFile() as output:
        process = subprocess.Popen(command, stdout=output)
        _, _, usage = os.wait4(process.pid, 0)
        output.seek(0)
        lines = sum(1 for _ in output)
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, lines


def main(count: int) -> None:
    """Print the figures."""
    print(f"{count} exchanges against {count}, CPU of the whole process, {about()}:")
    for name, (here, there) in cases(count).items():
        with tempfile.TemporaryDirectory() as folder:
            a, b = Path(folder) / "a.db", Path(folder) / "b.db"
            make(a, here)
            make(b, there)
            seconds, memory, lines = measure(a, b)
            print(f"  {seconds:6.2f} s {memory:5.0f} MiB  {lines:6} differences  {name}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 10_000)
