"""Lists that go on: the next file of a recording is found when it is made."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from tests.store_traffic import CONVERSATION, HELLO, add, frames, info
from xentara_inspect.index.process import catch_up
from xentara_inspect.queries import tail as tails
from xentara_inspect.queries.log import log
from xentara_inspect.queries.tail import Tail
from xentara_inspect.store.chain import begin, claim, seal
from xentara_inspect.store.database import open_for_writing


def test_the_next_file_of_a_recording_is_looked_for_while_it_is_made(
    monkeypatch: pytest.MonkeyPatch, database: Path
) -> None:
    monkeypatch.setattr(tails, "_FILES_INTERVAL", 3600)
    monkeypatch.setattr(tails, "_NEXT_FILE", 1800)
    following = database.with_name(f"{database.stem}-2.db")
    add(database, frames(*HELLO))
    catch_up(database)
    with closing(open_for_writing(database)) as old:
        claim(old, 1, None)
        old.commit()
        with closing(Tail([str(database)], log, limit=0)) as tail:
            assert len(list(tail.newest())) == 1
            seal(old, following.name, 2)
            old.commit()
            assert tail.news() == []
            with closing(open_for_writing(following)) as new:
                begin(new, old, database.name, 3)
            add(following, frames(*CONVERSATION), info("flow-2"))
            catch_up(following)
            assert len(tail.news()) > 1
