"""Pages in tests: made of databases, and taken apart."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any, Final

from tests.queries.asking import START, fill
from tests.store_traffic import HELLO
from xentara_inspect.frames import SessionInfo
from xentara_inspect.queries.databases import open_databases
from xentara_inspect.web.listed import Filters
from xentara_inspect.web.report import report

_IN_LINES: Final = {"a", "b", "span", "code", "time"}
"""Elements that a reader sees no space before."""

HOSTILE = (
    "<script>document.title='taken over'</script>",
    "</script><script>document.title='taken over'</script>",
    "</style><style>body{display:none}</style>",
    '\\"><img src=x onerror=\\"document.title=\'taken over\'\\">',
    "'><svg/onload=document.title='taken over'>",
    "</title><script>document.title='taken over'</script>",
    "<a href=javascript:document.title='taken-over'>",
    "javascript:document.title='taken over'",
    "url(http://example.com/x) ; } body { display: none",
    "{{ 7 * 191 }}{% for x in y %}",
    "]]><!-- ",
    "\\u202etxt.exe\\u2066 \\u200b",
    '=HYPERLINK(\\"http://example.com\\")',
)
"""Names as clients and servers may have them, as texts of diagnostic notation."""


class Page(HTMLParser):
    """A page taken apart. elements: names with their attributes; text: all that a reader sees."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.source = source
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.inside: dict[str, str] = {}
        self._pieces: list[str] = []
        self._open = ""
        self._said = [("", "")]
        self.feed(source)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._pieces.append(" " if tag not in _IN_LINES else "")
        self._said.append((tag, ""))
        if tag in ("script", "style"):
            self._open = tag

    def handle_endtag(self, tag: str) -> None:
        self._said.append(("", ""))
        if tag == self._open:
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open:
            self.inside[self._open] = self.inside.get(self._open, "") + data
        else:
            self._pieces.append(data)
            tag, said = self._said.pop()
            self._said.append((tag, said + data))

    @property
    def text(self) -> str:
        return " ".join("".join(self._pieces).split())

    def said(self, name: str) -> list[str]:
        """The texts at the beginning of the elements of a name."""
        return [text for tag, text in self._said if tag == name]

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


def hostile(database: Path) -> Path:
    """A database in which everything that can be named is named badly."""
    lines = list(HELLO)
    for number, name in enumerate(HOSTILE, 10):
        element = f"37(h'{number:032x}')"
        lines += [
            f'>[[0, {number}, 3, {{0: "{name}"}}], [0, {number + 100}, 4, {{0: {element}, 1: [11]}}]]',
            f"<[[1, {number}, {element}], [1, {number + 100}, {{11: 121({number})}}]]",
            f'>[[0, {number + 200}, 5, {{0: {element}, 1: 11, 2: "{name}"}}]]',
            f'<[[2, {number + 200}, {{0: -32103, 1: "{name}"}}]]',
        ]
    name = HOSTILE[1]
    about = SessionInfo("1", name, name, name, name, name, START, name, name, name)
    return fill(database, *lines, about=about)
