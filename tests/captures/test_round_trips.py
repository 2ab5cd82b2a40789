"""Any recording that can be, out as a capture and in again."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.captures.exported import KINDS, bring_in, export, journal
from xentara_inspect.frames import Closing, Frame, SessionInfo
from xentara_inspect.store.importing import Importer

pytestmark = pytest.mark.stress
START: Final = 1_700_000_000_000_000_000
EXAMPLES: Final = {"har": 200, "flow": 200, "pcapng": 15}

TIMES = st.integers(0, 10**7).map(lambda microseconds: START + microseconds * 1000)
TEXTS = st.text('aäß;,= "\\%/?#[]\x7f\n\r\u2028\u202e𝄞', max_size=8)
HEADERS = st.text('aäß:;,= "\\%𝄞', max_size=8).map(str.strip)
CLIENTS = st.sampled_from(["10.0.0.7:1", "10.0.0.7:50000", "[fe80::1%eth0]:50000", "panel.example:2"])
SERVERS = st.sampled_from(["1.2.3.4:443", "[::1]:80", "[::ffff:1.2.3.4]:7", "plant.example:8883"])
PAYLOADS = st.binary(max_size=20) | st.sampled_from(
    [b"", b"x" * 125, b"x" * 126, b"x" * 65_535, b"x" * 65_536, b"\xff" * 65_001]
)
FRAMES = st.builds(Frame, TIMES, st.booleans(), st.booleans(), PAYLOADS)
CODES = st.sampled_from([None, -1, 0, 999, 1000, 1001, 1005, 1006, 1015, 3000, 5000, 65_535, 70_000])
CLOSINGS = st.builds(
    Closing, TIMES, CODES, st.none() | TEXTS | st.just("ä" * 100), st.sampled_from([None, "client", "server"])
)
INFOS = st.builds(
    SessionInfo,
    flow_id=st.none() | TEXTS.filter(bool),
    client=st.none() | CLIENTS,
    server=SERVERS,
    path=st.just("/api/ws"),
    subprotocol=st.just("xentara-v1"),
    user=st.none() | TEXTS,
    opened=TIMES,
    source=st.just("made up"),
    user_agent=st.none() | HEADERS,
    origin=st.none() | HEADERS,
)
RECORDINGS = st.lists(
    st.tuples(INFOS, st.lists(FRAMES, max_size=4), st.none() | CLOSINGS), min_size=1, max_size=4
)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_of_it_is_lost(kind: str) -> None:
    if kind == "pcapng" and shutil.which("tshark") is None:
        pytest.skip("tshark is not installed")

    @settings(max_examples=EXAMPLES[kind], suppress_health_check=list(HealthCheck))
    @given(RECORDINGS)
    def holds(recording: list[tuple[SessionInfo, list[Frame], Closing | None]]) -> None:
        with tempfile.TemporaryDirectory() as name:
            before, again = Path(name, "before.db"), Path(name, "again.db")
            with Importer(before, keep_secrets=True) as importer:
                for info, said, end in recording:
                    importer.add(info, said, end)
            imported = bring_in(again, export(kind, Path(name, "x"), before))
            assert imported.failures == []
            # Of those that opened at one moment none comes first.
            assert sorted(map(repr, journal(again))) == sorted(map(repr, journal(before)))

    holds()
