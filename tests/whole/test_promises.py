"""Each promise of docs/promises.md has a test: those that the page names are there."""

from __future__ import annotations

import ast
import re

import pytest

from tests.live import ROOT

PAGE = (ROOT / "docs" / "promises.md").read_text(encoding="utf-8")
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`( \(\*stress\*\))?")


def is_stress(test: ast.FunctionDef) -> bool:
    """Whether `make test` leaves the whole of it out."""
    return any(ast.unparse(decorator) == "pytest.mark.stress" for decorator in test.decorator_list)


@pytest.mark.parametrize(("path", "name", "marked"), sorted(set(NAMED.findall(PAGE))))
def test_a_test_that_the_page_names_is_there_and_runs_when_the_page_says(
    path: str, name: str, marked: str
) -> None:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    (test,) = [node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name]
    assert is_stress(test) is bool(marked)


def test_every_promise_names_its_test() -> None:
    rows = [line for line in PAGE.splitlines() if line.startswith("|") and set(line) - set("|-")]
    without = [row for row in rows if not NAMED.search(row)]
    assert len(rows) > 50
    assert all("shown by" in row for row in without), "headings only"


def test_the_readme_and_the_page_on_the_house_lead_there() -> None:
    assert "(docs/promises.md)" in (ROOT / "README.md").read_text(encoding="utf-8")
    assert "(promises.md)" in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
