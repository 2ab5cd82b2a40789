"""`xentara_names`: a panel that knows its UUIDs and never browses, recorded with the names of a file."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from pathlib import Path

import pytest

from tests.live import ADDON, BIN, Mitmdump, Process, inspect, rows, run_async, simulated, wait_until
from tests.name_files import element
from xentara_inspect.simulator import Client
from xentara_inspect.simulator.example_plant import PAGE_ELEMENT

NAME = "Group 1.Data Point 1"


async def panel(url: str, *, looks_up: bool = False) -> None:
    """Reads an element by its UUID, and perhaps asks for it by name afterwards."""
    async with Client(url) as client:
        await client.request(14, {0: 1, 1: 1})
        await client.request(4, {0: PAGE_ELEMENT, 1: [11]})
        if looks_up:
            await client.request(3, {0: NAME})


def model(path: Path, name: str) -> Path:
    """A model.json of the group with the one element."""
    group = element("@Group", "Group 1", None, element("@DataPoint", name, str(PAGE_ELEMENT)))
    path.write_text(json.dumps({"children": [group]}))
    return path


@pytest.mark.slow
def test_elements_have_the_names_of_the_files_while_they_are_recorded(
    database: Path, confdir: Path, tmp_path: Path
) -> None:
    old, new = model(tmp_path / "old.json", "Old"), model(tmp_path / "model.json", "Data Point 1")
    option = f"xentara_names={old}{os.pathsep}{new}"

    async def main() -> None:
        async with simulated() as simulator:
            upstream = f"http://127.0.0.1:{simulator.port}"
            with Mitmdump(upstream, database, confdir, "--set", option) as proxy:
                await panel(proxy.url)

                def named() -> bool:
                    return [row["element"] for row in rows("log", "-d", database)] == [None, NAME]

                await asyncio.to_thread(wait_until, named, "the read, by name, in the log")
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output

    run_async(main())
    assert [tuple(row.values()) for row in rows("names", "-d", database)] == [
        (str(PAGE_ELEMENT), NAME, "model.json", None)
    ]
    assert f"# element_uuid: {NAME}" in inspect("show", "3p1", "-d", database)


@pytest.mark.slow
def test_capture_reads_them_and_finds_what_the_traffic_calls_otherwise(
    database: Path, confdir: Path, tmp_path: Path
) -> None:
    files = [model(tmp_path / "old.json", "Old"), tmp_path / "more.csv"]
    files[1].write_text("uuid,name\n00112233-4455-6677-8899-aabbccddeeff,Plant.Valve\n")

    async def main() -> None:
        async with simulated() as simulator:
            command: list[str | Path] = [
                sys.executable, "-m", "xentara_inspect", "capture", "-d", database, "--listen", "127.0.0.1:0",
                "--upstream", f"http://127.0.0.1:{simulator.port}", "--set", f"confdir={confdir}",
            ]  # fmt: skip
            for file in files:
                command += ["--names", file]
            with Process(command) as proxy:
                found = await asyncio.to_thread(proxy.wait_for_line, r"Listening on 127.0.0.1:(\d+),")
                await panel(f"ws://127.0.0.1:{found[1]}/api/ws", looks_up=True)
                await asyncio.to_thread(proxy.stop)
                assert proxy.child.returncode == 0, proxy.output

    run_async(main())
    inspect("reindex", "-d", database)
    assert [(row["name"], row["source"], row["otherwise"]) for row in rows("names", "-d", database)] == [
        (NAME, "traffic", "Group 1.Old"),
        ("Plant.Valve", "more.csv", None),
    ]
    (finding,) = rows("findings", "-d", database, "--code", "name-disagrees")
    assert (
        finding["message"] == f"element {PAGE_ELEMENT} is {NAME} in the traffic and Group 1.Old in old.json"
    )
    assert rows("log", "-d", database, "--command", "lookup")[0]["id"] == finding["exchange"]


@pytest.mark.slow
def test_a_file_that_names_nothing_ends_mitmdump_and_capture_with_one_clear_line(
    database: Path, confdir: Path, tmp_path: Path
) -> None:
    bad = tmp_path / "bad.json"
    bad.write_text("{")
    message = f"{bad}, line 1, column 2: no JSON (Expecting property name enclosed in double quotes)"
    listen = ["--set", f"confdir={confdir}", "--listen-host", "127.0.0.1", "--listen-port", "0"]
    with Process(
        [
            BIN / "mitmdump",
            "-s",
            ADDON,
            *listen,
            "--set",
            f"xentara_db={database}",
            "--set",
            f"xentara_names={bad}",
        ]
    ) as proxy:
        assert proxy.wait() == 1
    assert f"xentara_names: {message}" in proxy.output
    assert "Traceback" not in proxy.output
    with Process(
        [sys.executable, "-m", "xentara_inspect", "capture", "--upstream", "http://plant", "--names", bad]
    ) as capture:
        assert capture.wait() == 2
    assert capture.lines[-1] == f"Error: --names: {message}\n"
    assert not database.exists()


@pytest.mark.parametrize("value", ["", os.pathsep, " "])
def test_no_file_is_no_mistake(value: str) -> None:
    from xentara_inspect.proxy.options import parse

    assert parse("xentara_names", value) == ()
