"""`serve` as a process, and its pages as a program gets them."""

from __future__ import annotations

import http.client
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.live import Process

COMMAND = (sys.executable, "-m", "xentara_inspect", "serve")


class Served(Process):
    """`serve` of databases on a free port. url: where its pages are, with a slash at the end."""

    def __init__(self, *databases: Path | str) -> None:
        given = [argument for database in databases for argument in ("-d", str(database))]
        super().__init__([*COMMAND, *given, "--listen", "127.0.0.1:0"])
        self.url = str(self.wait_for_line(r"Serving at (http://127\.0\.0\.1:\d+/)")[1])

    def page(self, path: str, *, code: int = 200, **headers: str) -> str:
        """The text of a page. code: what it is answered with."""
        request = urllib.request.Request(self.url + quote(path, safe="/?=&~%:+"), headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                found, said = answer.status, answer.read()
        except urllib.error.HTTPError as error:
            found, said = error.code, error.read()
        assert found == code, said
        return str(said.decode())

    def rows(self, path: str) -> list[dict[str, Any]]:
        """The rows of a table or query."""
        mark = "&" if "?" in path else "?"
        found: list[dict[str, Any]] = json.loads(self.page(f"{path}{mark}_shape=array"))
        return found

    def shows(self, database: str) -> bool:
        """Whether the first page lists a database."""
        return f'<h2><a href="/{database}">' in self.page("")

    def headers(self, path: str) -> http.client.HTTPMessage:
        """What stands above a page."""
        with urllib.request.urlopen(self.url + path, timeout=60) as answer:
            found: http.client.HTTPMessage = answer.headers
        return found
