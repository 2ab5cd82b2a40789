"""What people are told of a recording, once for each time."""

from __future__ import annotations

import math
import time

import pytest

from tests.journal import numbered
from tests.live import wait_until
from tests.store_traffic import LIVE_INFO
from xentara_inspect.recorder.backlog import Backlog
from xentara_inspect.recorder.condition import Condition
from xentara_inspect.recorder.shared import Shared
from xentara_inspect.recorder.wire import Settings


def test_a_process_that_goes_on_and_stays_behind_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    """What comes while others wait has waited, too, once those are written."""
    caplog.set_level("WARNING")
    memory = Shared()
    backlog = Backlog(memory)
    condition = Condition(memory.page, backlog, Settings("plant.db", durable=True), list)
    session = backlog.open(LIVE_INFO)

    def is_behind() -> bool:
        memory.page.written = time.monotonic()
        condition.look()
        return condition.is_troubled

    memory.page.well = -math.inf
    assert not is_behind()
    (frame,) = numbered(1, 1)
    backlog.frame(session, frame)
    wait_until(is_behind, "a word about it")
    memory.settle(1, memory.settled.place, {}, {})
    assert is_behind(), "the frame is as old"
    memory.settle(2, backlog.size, {}, {})
    assert not is_behind()
    assert caplog.text.count("is not written yet") == caplog.text.count("can be written again") == 1


def test_there_is_room_again_once_much_of_what_is_kept_was_written(caplog: pytest.LogCaptureFixture) -> None:
    """Not while only the next frame would find none: that would be said ten times a second."""
    caplog.set_level("WARNING")
    memory = Shared()
    backlog = Backlog(memory, limit=10_000)
    condition = Condition(memory.page, backlog, Settings("plant.db"), list)
    memory.page.written = time.monotonic()
    session = backlog.open(LIVE_INFO)
    (frame,) = numbered(1, 1, 3000)
    while backlog.frame(session, frame) is not None:
        pass
    condition.miss()
    condition.look()
    assert "there is room again" not in caplog.text
    memory.settle(backlog.number - 1, backlog.size - 400, {}, {})
    condition.look()
    assert caplog.text.count("there is room again, 1 frames had to be dropped") == 1


def test_a_process_that_has_written_nothing_yet_is_starting_until_it_says_what_is_in_its_way() -> None:
    memory = Shared()
    condition = Condition(memory.page, Backlog(memory), Settings("plant.db"), list)
    assert condition.troubles() == ["the process that writes the database is starting"]
    condition.problem("plant.db is locked by another program")
    assert condition.troubles() == [f"plant.db is locked by another program; {condition.meanwhile}"]


def test_what_is_wrong_with_a_file_whose_name_is_no_text_is_told() -> None:
    memory = Shared()
    wrong = ["plant-\udcff.csv is not there"]
    memory.page.written = time.monotonic()
    Condition(memory.page, Backlog(memory), Settings("plant.db"), lambda: wrong).look()
    assert memory.page.troubles == b"plant-\\udcff.csv is not there"


def test_another_reason_for_the_same_trouble_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    memory = Shared()
    condition = Condition(memory.page, Backlog(memory), Settings("plant.db"), list)
    reasons = ["plant.db was deleted or replaced", "plant.db cannot be made: its directory does not exist"]
    for reason in (reasons[0], reasons[0], reasons[1]):
        condition.problem(reason)
    told = [f"{reason}; {condition.meanwhile}" for reason in reasons]
    assert [record.getMessage().removeprefix("xentara_inspect: ") for record in caplog.records] == told
    assert condition.troubles()[0] == told[1]
