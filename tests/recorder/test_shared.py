"""What both processes have is right whenever one of them is killed."""

from __future__ import annotations

import pytest

from xentara_inspect.recorder.shared import Shared

TOLD = b"what is known of a session"


def test_who_goes_on_begins_behind_what_is_settled_with_the_sessions_that_were_open_there() -> None:
    memory = Shared()
    assert (memory.settled.number, memory.sessions()) == (0, {})
    memory.settle(5, 500, {1: TOLD, 2: TOLD})
    memory.settle(7, 700, None)
    again = Shared(memory.descriptors)
    assert (again.settled.number, again.settled.place) == (7, 700)
    assert again.sessions() == {1: TOLD, 2: TOLD}
    again.settle(8, 800, {2: TOLD})
    assert (memory.settled.number, memory.sessions()) == (8, {2: TOLD})


@pytest.mark.parametrize("dies_in", ["os.pwrite", "Settled", "os.eventfd_write"])
def test_a_process_that_dies_while_it_settles_has_done_so_wholly_or_not_at_all(
    monkeypatch: pytest.MonkeyPatch, dies_in: str
) -> None:
    def dies(*_: object) -> None:
        raise KeyboardInterrupt

    memory = Shared()
    memory.settle(5, 500, {1: TOLD})
    with monkeypatch.context() as patched:
        patched.setattr(f"xentara_inspect.recorder.shared.{dies_in}", dies)
        with pytest.raises(KeyboardInterrupt):
            memory.settle(6, 600, {1: TOLD, 2: TOLD})
    now = memory.settled.number, memory.settled.place, memory.sessions()
    before, behind = (5, 500, {1: TOLD}), (6, 600, {1: TOLD, 2: TOLD})
    assert now == (behind if dies_in == "os.eventfd_write" else before)


# What the process that writes leaves on the page when it is killed


def test_what_two_processes_died_of_in_a_row_is_known_to_the_third() -> None:
    page = Shared().page
    page.mark(2, 4)  # it was at all of them
    page.take_over()
    assert (page.alone, page.suspect) == (4, 0), "the next one takes these one by one"
    page.mark(3, 3)
    page.take_over()
    assert (page.suspect, page.deaths) == (3, 1)
    page.mark(3, 3)
    page.take_over()
    assert (page.suspect, page.deaths) == (3, 2)
    assert (page.first, page.last) == (0, 0), "it is at nothing yet"
    page.take_over()
    assert (page.suspect, page.alone) == (0, 4), "it died of nothing"
