"""Recordings that are played: to lines of a client, and by real clients and servers."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import cbor_diag

from tests.queries.asking import START
from tests.transcript import MILLISECOND, edn
from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.index.process import catch_up
from xentara_inspect.playback.plant import Plant
from xentara_inspect.playback.recording import Recording
from xentara_inspect.playback.serving import Manner, Serving
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.queries.diff import diff
from xentara_inspect.simulator import Client
from xentara_inspect.store.importing import Importer


@contextlib.contextmanager
def played(database: Path) -> Iterator[Recording]:
    """The recording in a database."""
    with open_databases([str(database)]) as databases:
        yield Recording(databases)


class Played:
    """A client of a recording, on a clock that starts a day later and runs as it is told."""

    def __init__(
        self, recording: Recording, manner: Manner | None = None, plant: Plant | None = None, talk: int = 0
    ) -> None:
        self.manner = manner or Manner()
        self.now = START + 24 * 3600 * 10**9
        self.woken: list[None] = []
        self.serving = Serving(
            recording,
            recording.talks[talk],
            plant or Plant(),
            self.manner,
            self.now,
            lambda: self.woken.append(None),
        )

    def say(self, *lines: str) -> Played:
        """`>` what the client sends, `<` what it must be answered with, one message each, in notation."""
        answers: list[bytes] = []
        for line in lines:
            if line[0] == ">":
                assert not answers, f"not expected: {[cbor_diag.cbor2diag(answer) for answer in answers]}"
                text = line[1:]
                message: bytes | str = text.removeprefix("text:") if text.startswith("text:") else edn(text)
                answers = self.serving.received(message, self.now)
            else:
                assert answers, f"nothing but expected: {line}"
                assert answers[0].hex() == edn(line[1:]).hex(), (cbor_diag.cbor2diag(answers[0]), line)
                answers = answers[1:]
        assert not answers, f"not expected: {[cbor_diag.cbor2diag(answer) for answer in answers]}"
        return self

    def events(self, milliseconds: int) -> list[str]:
        """The messages with events of the next milliseconds, in notation."""
        self.now += milliseconds * MILLISECOND
        return [cbor_diag.cbor2diag(message, pretty=False) for message in self.serving.due(self.now)]


def save(path: Path, client: Client, name: str) -> Path:
    """What a client of the simulator sent and received, as a recording."""
    both = [Frame(said.time, True, said.is_text, said.payload) for said in client.sent]
    both += [Frame(said.time, False, said.is_text, said.payload) for said in client.received]
    both.sort(key=lambda frame: frame.time)
    info = SessionInfo(name, "client:1", "server:1", "/api/ws", "xentara-v1", None, both[0].time)
    with Importer(path) as importer:
        importer.add(info, both, Closing(both[-1].time + 1, 1000))
    catch_up(path)
    return path


def differences(a: Path, b: Path) -> list[dict[str, Any]]:
    """What `diff` says."""
    with open_databases([str(a)]) as one, open_databases([str(b)]) as other:
        return list(diff(one, other))
