"""The house: imports point down its table, each third-party package has one home, no I/O in the core."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Container, Iterator
from pathlib import Path

import pytest

import xentara_inspect

PACKAGE = Path(xentara_inspect.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))

FOLDERS = (
    "", "protocol", "cbor", "traffic", "notation", "store", "recorder", "index", "queries", "archive",
    "telemetry", "lake", "sharing", "captures", "proxy", "playback", "simulator", "web", "cli",
)  # fmt: skip
"""From the ground up; the first are the rooms outside of folders. Nothing imports what stands behind it."""

ONLY_FROM_CLI = ("simulator",)
"""What stands apart: nobody but the command line imports it."""

HOMES = {
    "sqlite_utils": {"store"},
    "mitmproxy": {"captures", "proxy"},
    "ijson": {"captures"},
    "prometheus_client": {"proxy"},
    "pyarrow": {"archive", "lake"},
    "duckdb": {"lake"},
    "pyspark": {"lake"},
    "cbor2": {"simulator", "playback"},
    "websockets": {"simulator", "playback"},
    "wsproto": {"captures", "proxy"},
    "cryptography": {"simulator"},
    "rich": {"cli"},
    "textual": {"cli"},
    "click": {"cli", "proxy"},
    "plotext": {"cli"},
    "matplotlib": {"cli"},
    "junitparser": {"cli"},
    "rapidfuzz": {"queries"},
    "dateparser": {"cli"},
    "jinja2": {"web"},
    "opentelemetry": {"telemetry"},
    "requests": {"telemetry"},
    "google": {"telemetry"},
    "markupsafe": {"web"},
    "datasette": {"web"},
    "pluggy": {"web"},
    "uvicorn": {"web"},
    "sqlite3": {"store", "recorder", "index", "queries", "archive", "lake", "sharing", "web"},
}
"""Where a package may be imported; every other one only if Python brings it along."""

CORE = ("", "protocol", "cbor", "traffic", "notation")
NOT_IN_THE_CORE = {
    "asyncio", "datetime", "io", "logging", "os", "pathlib", "signal", "socket", "sqlite3", "subprocess",
    "threading", "time",
}  # fmt: skip


def folder_of(path: Path) -> str:
    inside = path.relative_to(PACKAGE)
    return inside.parts[0] if len(inside.parts) > 1 else ""


def imported(path: Path) -> Iterator[str]:
    """Modules that a file imports anywhere; names from a package count as modules of their own too."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, f"{path}: relative imports hide where they point"
            assert node.module is not None
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def modules_imported(path: Path, known: Container[str]) -> Iterator[str]:
    """Those of the known modules that a file imports. A module from a package does not need the package."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in known)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            for alias in node.names:
                inner = f"{node.module}.{alias.name}"
                name = inner if inner in known else node.module
                if name in known:
                    yield name


def imported_folders(path: Path) -> set[str]:
    folders = set()
    for name in imported(path):
        first, *rest = name.split(".")
        if first == "xentara_inspect" and rest:
            folders.add(rest[0] if (PACKAGE / rest[0]).is_dir() else "")
    return folders


def ids(path: Path) -> str:
    return str(path.relative_to(PACKAGE))


def test_every_folder_has_its_place() -> None:
    assert {folder_of(path) for path in FILES} == set(FOLDERS)


@pytest.mark.parametrize("path", [path for path in FILES if path.name != "__main__.py"], ids=ids)
def test_imports_point_down(path: Path) -> None:
    folder = folder_of(path)
    if path == PACKAGE / "__init__.py":  # the public door: it opens on the notation
        assert imported_folders(path) <= {"notation"}
        return
    below = set(FOLDERS[: FOLDERS.index(folder) + 1])
    if folder not in ("cli", *ONLY_FROM_CLI):
        below -= set(ONLY_FROM_CLI)
    assert imported_folders(path) <= below


@pytest.mark.parametrize("path", FILES, ids=ids)
def test_each_package_has_one_home(path: Path) -> None:
    for name in imported(path):
        package = name.split(".")[0]
        if package != "xentara_inspect" and (package in HOMES or package not in sys.stdlib_module_names):
            assert folder_of(path) in HOMES.get(package, set()), f"{package} does not belong here"


def test_only_the_screens_of_watch_know_textual() -> None:
    knowing = {path for path in FILES if any(name.split(".")[0] == "textual" for name in imported(path))}
    assert {path.parent for path in knowing} == {PACKAGE / "cli" / "tui"}


def test_only_the_pages_of_serve_know_datasette() -> None:
    known = {"datasette", "pluggy", "uvicorn"}
    knowing = {path for path in FILES if any(name.split(".")[0] in known for name in imported(path))}
    assert {path.parent for path in knowing - {PACKAGE / "web" / "datasette_plugin.py"}} == {
        PACKAGE / "web" / "site"
    }


@pytest.mark.parametrize("path", [path for path in FILES if folder_of(path) in CORE], ids=ids)
def test_the_core_does_no_io_and_reads_no_clock(path: Path) -> None:
    assert not {name.split(".")[0] for name in imported(path)} & NOT_IN_THE_CORE


def test_no_import_circle() -> None:
    names = {path: ".".join(path.relative_to(PACKAGE.parent).with_suffix("").parts) for path in FILES}
    paths = {name.removesuffix(".__init__"): path for path, name in names.items()}
    imports = {path: {paths[name] for name in modules_imported(path, paths)} for path in FILES}
    imports[PACKAGE / "__init__.py"] = set()  # opens its door when somebody knocks
    done: set[Path] = set()
    while left := [path for path in FILES if path not in done and imports[path] - {path} <= done]:
        done.update(left)
    assert not sorted(names[path] for path in FILES if path not in done)


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
        "dateparser", "mitmproxy", "rich", "sqlite_utils", "cbor2", "websockets", "asyncio", "cryptography",
        "hypothesis", "plotext", "matplotlib", "numpy", "textual", "rapidfuzz", "junitparser",
        "jinja2", "ijson", "pyarrow", "duckdb", "opentelemetry", "requests", "datasette", "uvicorn",
    }  # fmt: skip
    assert not slow & set(run.stderr.split())
