"""Pages in tests: made of databases, taken apart, and opened in a real browser."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

import pytest

from xentara_inspect.queries.databases import open_databases
from xentara_inspect.web.listed import Filters
from xentara_inspect.web.report import report

CHROMIUM: Final = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)

_IN_LINES: Final = {"a", "b", "span", "code", "time"}
"""Elements that a reader sees no space before."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open the page in")


class Page(HTMLParser):
    """A page taken apart. elements: names with their attributes; text: all that a reader sees."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, str] = {}
        self._pieces: list[str] = []
        self._open = ""
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._pieces.append(" " if tag not in _IN_LINES else "")
        if tag in ("script", "style"):
            self._open = tag

    def handle_endtag(self, tag: str) -> None:
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[self._open] = self.inside.get(self._open, "") + data
        else:
            self._pieces.append(data)

    @property
    def text(self) -> str:
        return " ".join("".join(self._pieces).split())

    def named(self, name: str) -> list[dict[str, str | None]]:
        """The attributes of the elements of a name."""
        return [attributes for tag, attributes in self.elements if tag == name]

    def all_of(self, attribute: str) -> list[str]:
        """What any element has for an attribute."""
        return [attributes[attribute] or "" for _, attributes in self.elements if attribute in attributes]

    @property
    def policy(self) -> dict[str, str]:
        """The Content-Security-Policy, by directive."""
        (policy,) = (meta["content"] or "" for meta in self.named("meta") if "http-equiv" in meta)
        return dict(re.findall(r"([a-z-]+) ([^;]*)", policy))


def made(*databases: Path, local: bool = False, **filters: Any) -> Page:
    """The report of databases."""
    paths = [str(path) for path in databases]
    with open_databases(paths) as asked:
        return Page(report(asked, Filters(paths, **filters), local=local))


def opened(source: str, folder: Path, *options: str) -> str:
    """The document that a browser makes of a page, its scripts run, as HTML."""
    assert CHROMIUM is not None
    page = folder / "page.html"
    page.write_text(source, encoding="utf-8", newline="")
    run = subprocess.run(
        [CHROMIUM, *_options(folder), *options, "--dump-dom", page.as_uri()],
        capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    return run.stdout


def _options(folder: Path) -> Sequence[str]:
    return ("--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={folder / 'profile'}")
