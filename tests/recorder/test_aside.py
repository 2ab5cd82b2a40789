"""Large messages of clients are looked through in a process of their own, so that nobody waits for them."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path
from uuid import UUID

import cbor2
import pytest

from tests.journal import Journal
from tests.store_traffic import LIVE_INFO, read
from xentara_inspect.frames import Frame
from xentara_inspect.recorder.aside import LARGE, Prepared, look_through, takes_long
from xentara_inspect.simulator.wire import encode
from xentara_inspect.traffic.redaction import redact

PASSWORD = "correct horse battery staple"
FILLING = [[0, number, 4, {0: UUID(int=number), 1: [11]}] for number in range(30_000)]


def login(*more: object) -> Frame:
    """A message with a password in it. more: packets behind that."""
    packet = [0, 0, 12, {0: cbor2.CBORTag(121, {0: "operator", 1: PASSWORD})}]
    return Frame(1, True, False, encode([packet, *more]))


def test_only_what_a_client_says_in_very_many_bytes_takes_long() -> None:
    assert not takes_long(Frame(1, True, False, bytes(LARGE)))
    assert takes_long(Frame(1, True, False, bytes(LARGE + 1)))
    assert not takes_long(Frame(1, False, False, bytes(LARGE + 1))), "a server's"
    assert not takes_long(Frame(1, True, True, bytes(LARGE + 1))), "a text, blanked as a whole"


def test_what_comes_back_is_blanked_with_the_secrets_that_were_found() -> None:
    frame = login(*FILLING)
    found: list[bytes] = []
    blanked = redact(frame.payload, True, found=found)
    assert PASSWORD.encode() in found
    assert look_through(frame) == Prepared(frame._replace(payload=blanked), None, (True, tuple(found)))


def test_what_has_no_secret_comes_back_as_it_was() -> None:
    frame = Frame(1, True, False, encode([[0, 1, 8]]))
    prepared = look_through(frame)
    assert prepared == Prepared(frame, None, (False, ()))
    assert prepared.frame is frame


def test_a_frame_over_which_the_process_dies_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    frame = Frame(1, True, False, bytes(LARGE + 1))
    monkeypatch.setattr(sys, "executable", "/bin/false")  # a process that dies
    head, cut, looked = look_through(frame)
    assert (len(head.payload), looked) == (65536, None)
    assert cut is not None
    assert cut[:2] == (LARGE + 1, hashlib.sha256(frame.payload).hexdigest())
    assert cut.why == "the process that looked for secrets in it died of it"


def test_what_was_found_aside_is_blanked_in_the_answers_as_well(database: Path) -> None:
    frame, looked = login(), look_through(login())
    echo = Frame(2, False, False, encode([[2, 0, {0: -32103, 1: f"not {PASSWORD}"}]]))
    with Journal(database) as journal:
        session = journal.open_session(LIVE_INFO)
        journal.append(session, *looked)
        journal.append(session, echo)
    stored = read(database, "SELECT payload, redacted FROM frames ORDER BY id")
    assert stored[0] == (redact(frame.payload, True), 1)
    assert stored[1] == (echo.payload.replace(PASSWORD.encode(), b"*" * len(PASSWORD)), 1)
