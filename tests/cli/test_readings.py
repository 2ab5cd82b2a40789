"""`readings` by intervals and drawn, in the terminal and into files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner, Result

from tests.queries.test_changes import push, said
from xentara_inspect.cli import cli

LEVEL = "e3ee1071-4d88-4ba1-8e5d-0f1e4ce25ee8"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A line with a gap, an error, and values of bad quality."""
    values = [
        (second, push(f"121({second})", 3 if second == 3 else 0)) for second in (1, 2, 3, 4, 30, 31, 33)
    ]
    return said(tmp_path / "plant.db", *values, (32, push("122({0: -32109})")))


def run(database: Path, *arguments: str, code: int = 0) -> Result:
    result = CliRunner().invoke(cli, ["readings", "-d", str(database), *arguments], env={"COLUMNS": "80"})
    assert result.exit_code == code, result.output
    return result


def test_intervals_of_any_length_are_listed(database: Path) -> None:
    assert len(run(database, "--every", "500ms", "--attribute", "Value").output.splitlines()) == 9
    (row,) = run(database, "--every", "1h", "--attribute", "Value", "--csv").output.splitlines()[1:]
    assert row.split(",")[3:6] == ["7", "1", "33"]


@pytest.mark.parametrize("given", ["1", "0s", "-1s", "1y", "", "s", "9999999999s"])
def test_what_is_no_duration_is_refused(given: str, database: Path) -> None:
    assert "is no duration such as 50ms" in run(database, f"--every={given}", code=2).output


def test_only_one_way_to_look_at_them_can_be_asked_for(database: Path) -> None:
    assert "Give one of" in run(database, "--changes", "--every", "1s", code=2).output


def test_a_plot_has_no_other_form(database: Path) -> None:
    assert "A plot is no json" in run(database, "--json", "--plot", code=2).output


def test_a_plot_in_the_terminal_fits_and_says_what_its_marks_mean(database: Path) -> None:
    lines = run(database, LEVEL, "--plot").output.splitlines()
    *plot, times, legend = lines
    assert {len(line.rstrip()) <= 80 for line in plot} == {True}
    assert re.search(r"22:13:30 +22:13:4", times)
    assert legend.startswith(f"2023-11-14   ▚ {LEVEL} Value")
    assert legend.endswith("x quality not Good   ! error")
    assert sum(line.count("x") for line in plot) == 1
    assert sum(line.count("!") for line in plot) == 1
    assert plot[-2].count("!") == 1  # at the edge


def test_a_plot_is_plain_where_the_output_is(database: Path) -> None:
    script = "from xentara_inspect.cli import main; main()"
    printed = subprocess.run(
        [sys.executable, "-c", script, "readings", "-d", str(database), "--plot"],
        capture_output=True, check=True, env={"PYTHONIOENCODING": "ascii"},
    ).stdout.decode("ascii")  # fmt: skip
    assert "+---" in printed
    assert "\\" not in printed
    assert "\x1b" not in printed


@pytest.mark.parametrize("name", ["level.svg", "level.PNG"])
def test_a_picture_is_a_file_of_its_kind(name: str, database: Path, tmp_path: Path) -> None:
    path = tmp_path / name
    assert "drawn into" in run(database, "--plot", str(path)).stderr
    if name.endswith("svg"):
        texts = {text for node in ElementTree.parse(path).iter() for text in (node.text or "",)}
        assert {f"{LEVEL} Value", "quality not Good", "error"} <= texts
    else:
        assert path.read_bytes().startswith(b"\x89PNG")


def test_a_picture_is_the_same_each_time(database: Path, tmp_path: Path) -> None:
    pictures = [tmp_path / name for name in ("a.svg", "b.svg")]
    for path in pictures:
        run(database, "--plot", str(path))
    assert pictures[0].read_bytes() == pictures[1].read_bytes()


def test_a_name_is_drawn_as_it_is(tmp_path: Path) -> None:
    name = "Plant.$x^$ <b>"
    lookup = f'>[[0, 2, 3, {{0: "{name}"}}]]', f"<[[1, 2, 37(h'{LEVEL.replace('-', '')}')]]"
    database = said(tmp_path / "x.db", *((1, line) for line in lookup), (2, push("121(1)")))
    run(database, "--plot", str(tmp_path / "x.svg"))
    assert any(node.text == f"{name} Value" for node in ElementTree.parse(tmp_path / "x.svg").iter())


def test_what_is_no_picture_is_refused(database: Path) -> None:
    assert "is no picture such as level.svg" in run(database, "--plot", LEVEL, code=2).output


@pytest.mark.parametrize(("package", "where"), [("plotext", []), ("matplotlib", ["x.svg"])])
def test_without_the_extra_one_line_says_what_to_install(
    package: str, where: list[str], database: Path
) -> None:
    script = f"import sys; sys.modules[{package!r}] = None\nfrom xentara_inspect.cli import main; main()"
    printed = subprocess.run(
        [sys.executable, "-c", script, "readings", "-d", str(database), "--plot", *where],
        capture_output=True, text=True, check=False, cwd=database.parent,
    )  # fmt: skip
    assert printed.returncode == 1
    assert printed.stderr == (
        f"Error: this needs {package}, which is not installed: pip install 'xentara-inspect[plot]'\n"
    )


def test_a_mean_looks_as_the_numbers_beside_it(tmp_path: Path) -> None:
    same = said(tmp_path / "same.db", (1, push("121(50.0)")), (2, push("121(50.0)")))
    _, line = run(same, "--every", "1h", "--attribute", "Value").output.splitlines()
    assert line.split().count("50.0") == 4
