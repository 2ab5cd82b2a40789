"""Imports point one way, and the core does no I/O and reads no clock."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import xentara_inspect

PACKAGE = Path(xentara_inspect.__file__).parent
CORE = sorted(
    [path for path in PACKAGE.glob("*.py") if path.stem not in ("addon", "__main__")]
    + list(PACKAGE.glob("protocol/*.py"))
)
STORE = sorted((PACKAGE / "store").glob("*.py"))

NOT_IN_THE_CORE = {
    "mitmproxy", "sqlite3", "sqlite_utils", "click", "rich", "cbor2", "websockets", "asyncio", "socket",
    "subprocess", "threading", "time", "datetime", "os", "pathlib", "io", "logging",
}  # fmt: skip


def imported(path: Path) -> set[str]:
    """Modules that a file imports anywhere, names imported from the package as modules of their own."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


@pytest.mark.parametrize("path", CORE, ids=lambda path: path.stem)
def test_the_core_imports_nothing_that_does_io_or_tells_the_time(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & NOT_IN_THE_CORE
    above = (
        "xentara_inspect.store",
        "xentara_inspect.cli",
        "xentara_inspect.sources",
        "xentara_inspect.simulator",
    )
    assert not [name for name in imported(path) if name.startswith(above)]


@pytest.mark.parametrize("path", STORE, ids=lambda path: path.stem)
def test_the_store_knows_neither_the_proxy_nor_the_terminal(path: Path) -> None:
    names = imported(path)
    assert not {name.split(".")[0] for name in names} & {"mitmproxy", "click", "rich"}
    assert not [name for name in names if name.startswith(("xentara_inspect.cli", "xentara_inspect.addon"))]


def test_the_query_tool_starts_without_anything_slow() -> None:
    script = (
        "import sys; sys.argv = ['xentara-inspect', 'log', '--help']\n"
        "from xentara_inspect.cli import main\n"
        "try: main()\n"
        "except SystemExit: pass\n"
        "print(*sorted(m for m in sys.modules if '.' not in m), file=sys.stderr)"
    )
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    slow = {
        "mitmproxy",
        "rich",
        "sqlite_utils",
        "cbor2",
        "websockets",
        "asyncio",
        "cryptography",
        "hypothesis",
    }
    assert not slow & set(run.stderr.split())
