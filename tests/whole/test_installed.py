"""What `pip install` brings: the tool, the add-on, the systemd unit, the samples and the documentation."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.live import ROOT, inspect


def check(run: Callable[[str], str]) -> None:
    """That all of it is there. run: a command of ours."""
    flows = [Path(line) for line in run("samples").splitlines()]
    assert [flow.name for flow in flows] == sorted(
        flow.name for flow in (ROOT / "sample_captures").glob("*.flow")
    )
    pages = [Path(line) for line in run("docs").splitlines()]
    assert [page.name for page in pages] == sorted(page.name for page in (ROOT / "docs").glob("*.md"))
    addon = Path(run("addon-path").strip())
    unit = Path(run("unit-path").strip())
    assert all(file.stat().st_size for file in (*flows, *pages, addon, unit))
    assert (flows[0].parent / "README.md").is_file()


def test_in_a_checkout_all_of_it_is_there() -> None:
    check(inspect)


@pytest.mark.stress
def test_in_a_wheel_all_of_it_is_there(tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "wheel", "--no-deps", "-w", tmp_path, ROOT], check=True)
    (wheel,) = tmp_path.glob("*.whl")
    installed = tmp_path / "installed"
    subprocess.run([*pip, "install", "--no-deps", "--target", installed, wheel], check=True)
    package = ROOT / "xentara_inspect"
    ours = [path for path in package.rglob("*") if path.is_file() and "__pycache__" not in path.parts]
    missing = [path for path in ours if not (installed / path.relative_to(ROOT)).is_file()]
    assert not missing  # such as templates, styles and scripts

    def run(command: str) -> str:
        said = subprocess.run(
            [sys.executable, "-m", "xentara_inspect", command],
            capture_output=True, text=True, check=True, cwd=tmp_path, env={"PYTHONPATH": str(installed)},
        ).stdout  # fmt: skip
        assert str(installed) in said
        return said

    check(run)
