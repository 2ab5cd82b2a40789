"""Sizes of packets: the same whether a packet is read or looks like one that was."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION, HELLO, VALVE, reading
from tests.transcript import edn
from tests.work import lines_run
from xentara_inspect.cli import cli
from xentara_inspect.frames import address
from xentara_inspect.queries.databases import as_databases
from xentara_inspect.queries.packet_sizes import PacketSizes
from xentara_inspect.traffic import packets

SAMPLES = Path(__file__).parents[2] / "sample_captures"


def compared(database: Path) -> int:
    """Compare the sizes of all packets with those of their items; how many packets there were."""
    count = 0
    with reading(database) as connection:
        (file,) = as_databases(connection).files
        sizes = PacketSizes(file)
        for _ in range(2):  # the second time all looks are known
            for frame, payload in file.tuples("SELECT id, payload FROM frames WHERE NOT is_text ORDER BY id"):
                for packet in packets.parse(payload).packets:
                    if packet.item is not None:
                        count += 1
                        size = sizes[address(frame, packet.position)]
                        assert size == packet.item.end - packet.item.start, payload.hex()
    return count


def test_sizes_are_those_of_the_items(tmp_path: Path) -> None:
    database = tmp_path / "samples.db"
    captures = map(str, sorted(SAMPLES.glob("*.flow")))
    assert CliRunner().invoke(cli, ["import", *captures, "-d", str(database)]).exit_code == 0
    fill(database, *CONVERSATION)
    assert compared(database) > 500


def test_what_looks_almost_alike_is_told_apart(database: Path) -> None:
    bodies = ("1", "24", "-300", "1.5", "1e300", '"ü"', '"Tank"', f'"{"x" * 30}"', "h'0102'", "h'010203'",
              "[]", "{}", "[1]", "[1, 2]", "[_ 1, 2]", "true", "undefined", VALVE, "1([1.5])")  # fmt: skip
    said = [f">[[0, {number}, 77, {{0: {body}}}], [0, {number}, 8]]" for number, body in enumerate(bodies, 2)]
    fill(database, *HELLO, *said, *said)
    assert compared(database) == 4 * 2 * len(bodies) + 4


def test_a_packet_behind_others_costs_what_it_is(database: Path) -> None:
    small, large = "[0, 2, 8]", f"[0, 3, 4, {{0: {VALVE}, 1: [11]}}]"
    fill(database, *HELLO, f">[{small}, {large}, {small}]")
    with reading(database) as connection:
        (file,) = as_databases(connection).files
        sizes = PacketSizes(file)
        assert [sizes[address(3, position)] for position in (1, 2, 3)] == [
            len(edn(text)) for text in (small, large, small)
        ]
        assert sizes[address(99, 1)] == 0


def test_packets_that_look_alike_are_measured_all_at_once(database: Path) -> None:
    alike = ", ".join(f"[0, {number}, 4, {{0: {VALVE}, 1: [11]}}]" for number in range(2, 502))
    turns = ", ".join(
        f"[0, {number}, 8], [0, {number}, 4, {{0: {VALVE}, 1: [11]}}]" for number in range(600, 850)
    )
    fill(database, *HELLO, f">[[0, 2, 8], [0, 2, 4, {{0: {VALVE}, 1: [11]}}]]", f">[{alike}]", f">[{turns}]")
    with reading(database) as connection:
        (file,) = as_databases(connection).files
        sizes = PacketSizes(file)
        assert sizes[address(3, 1)] == 4  # both looks are known
        assert lines_run(lambda: sizes[address(4, 500)]) < 100
        assert sizes[address(4, 1)] == len(edn(f"[0, 2, 4, {{0: {VALVE}, 1: [11]}}]"))
        assert lines_run(lambda: sizes[address(5, 1)]) < 20 * 500
        assert [sizes[address(5, position)] for position in (1, 499)] == [6, 6]
        assert len(sizes) == 2 + 500 + 500
