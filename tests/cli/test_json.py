"""What every list prints as JSON, held against the schemas that `docs/json.md` shows."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from tests.live import ROOT
from tests.queries.asking import fill
from tests.store_traffic import CONVERSATION, LEVEL, VALVE_UUID, info
from xentara_inspect.cli import cli
from xentara_inspect.cli.options import FORMATS
from xentara_inspect.queries.contract import LISTS, schema_of

SAMPLES = sorted((ROOT / "sample_captures").glob("*.flow"))
ODD = (
    f">[[0, 20, 6, {{0: [{{0: {LEVEL}, 1: [11]}}]}}], [0, 21, 99, {{h'00ff': 1, 2: [-0.0, undefined]}}], 7]",
    """<[[2, 20, {0: -32105, 1: "no"}], [1, 21, 24(h'00')]]""",
    f"<[[8, 0, {{1: {LEVEL}, 2: {{11: 121(NaN), 9: 122({{0: -18446744073709551616}})}}}}]]",
    "<[[8, 77, simple(99)]]",
)
"""A refused subscription, what no table knows, and values that JSON has no form for."""


@pytest.fixture(scope="module")
def databases(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two recordings: all samples, and a conversation of everything odd, with a name out of a file."""
    folder = tmp_path_factory.mktemp("json")
    samples = folder / "samples.db"
    run("import", *SAMPLES, "-d", samples)
    odd = fill(folder / "odd.db", *CONVERSATION, *ODD)
    fill(odd, *CONVERSATION[:1], about=info("flow-2", opened=1_800_000_000), start=1_800_000_000_000_000_000)
    (folder / "names.csv").write_text(f"uuid,name\n{VALVE_UUID},Other\n")
    run("names", "import", folder / "names.csv", "-d", odd)
    return samples, odd


def run(*arguments: str | Path) -> str:
    result = CliRunner().invoke(cli, [str(argument) for argument in arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def said(command: str, *databases: Path) -> list[dict[str, Any]]:
    """All rows of a list, and of `show` and `why` all that is listed, and each message whole."""
    if command == "diff":
        return differences(databases[0], databases[-1])
    if command == "status":
        return conditions(databases)
    chosen = [option for database in databases for option in ("-d", str(database))]
    if command not in ("show", "why"):
        more = ["--limit", "0"] if command != "stats" else []
        more += ["--events"] if command == "log" else []
        rows: list[dict[str, Any]] = json.loads(run(command, *chosen, *more, "--json"))
        return rows
    names = [row["id"] for row in said("log", *databases)]
    messages = {re.sub("p[0-9]+$", "", name) for name in names}
    sessions = [f"session:{row['id']}" for row in said("sessions", *databases)] if command == "why" else []
    shown: list[dict[str, Any]] = json.loads(run(command, *chosen, *names, *messages, *sessions, "--json"))
    return shown


def differences(a: Path, b: Path) -> list[dict[str, Any]]:
    """What `diff` tells of two databases, or of the first two sessions of one."""
    sides = (str(a), str(b)) if a != b else (f"{a}:1", f"{b}:2")
    result = CliRunner().invoke(cli, ["diff", *sides, "--json"])
    assert result.exit_code == 1, result.output
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def conditions(databases: tuple[Path, ...]) -> list[dict[str, Any]]:
    """What `status` tells of databases that nobody records into."""
    chosen = [option for database in databases for option in ("-d", str(database))]
    result = CliRunner().invoke(cli, ["status", *chosen, "--json"])
    assert result.exit_code == 1, result.output
    rows: list[dict[str, Any]] = json.loads(result.stdout)
    return rows


def recordings(databases: tuple[Path, Path]) -> Iterator[tuple[Path, ...]]:
    """Each alone, where names are numbers, and both, where they are not."""
    yield from ((database,) for database in databases)
    yield databases


@pytest.mark.slow
@pytest.mark.parametrize("command", LISTS)
def test_what_is_printed_is_what_the_page_promises(command: str, databases: tuple[Path, Path]) -> None:
    schema = schema_of(command)
    check = jsonschema.Draft202012Validator(schema)
    for chosen in recordings(databases):
        rows = said(command, *chosen)
        assert rows
        check.validate(rows)
        for row in rows:
            assert list(row) == list(LISTS[command]), f"the keys of {command} are not those of the contract"


@pytest.mark.parametrize("command", LISTS)
def test_every_key_says_something_somewhere(command: str, databases: tuple[Path, Path]) -> None:
    """A key that is null in all of the samples would show nothing of its type."""
    rows = said(command, *databases)
    silent = {key for key in LISTS[command] if all(row[key] is None for row in rows)}
    never = {"refused", "user_agent", "origin", "closed_by", "source_time"}
    assert silent <= never | {"last_commit", "last_commit_age_s"}, silent


@pytest.mark.parametrize("command", LISTS)
def test_every_schema_is_one_and_describes_every_key(command: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema_of(command))
    assert all(key["description"] for key in LISTS[command].values())


def test_every_command_that_prints_json_has_a_schema() -> None:
    with_json = set()
    for name in cli.list_commands(None):  # type: ignore[arg-type] # it needs none
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        for option in command.params:
            if "json" in getattr(option.type, "choices", ()):
                with_json.add(name)
    assert with_json == set(LISTS) | {"sql", "replay"}  # whose keys are those of the question, and of diff
    assert "json" in FORMATS
