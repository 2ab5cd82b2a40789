"""What `pip install` brings: the add-on, the systemd unit, the samples and the documentation."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

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
