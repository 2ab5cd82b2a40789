"""Pages of our own, beside Datasette's."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from datasette.utils.asgi import NotFound, Response

from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.unknown import QuestionError
from xentara_inspect.store.errors import StoreError
from xentara_inspect.web.site.element import element
from xentara_inspect.web.site.exchange import exchange
from xentara_inspect.web.site.live import KEPT, Course, News
from xentara_inspect.web.site.paths import LIVE, database_in, exchange_path
from xentara_inspect.web.site.recordings import Recordings

_HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self';"
        " base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
}
"""No script and no style stands in these pages."""

Shown = dict[str, Any]


class Pages:
    """Answers requests for them. Each takes Datasette's `datasette` and `request`."""

    def __init__(self, patterns: Sequence[str]) -> None:
        """patterns: of the databases. Raises StoreError."""
        self._recordings = Recordings(patterns)
        self._courses = {is_with: Course(patterns, with_events=is_with) for is_with in (False, True)}

    def close(self) -> None:
        """Close the databases."""
        self._recordings.close()
        for course in self._courses.values():
            course.close()

    def look(self) -> None:
        """Look for files that came or went, and let go what nobody looks at."""
        self._recordings.look()
        for course in self._courses.values():
            course.rest()

    async def exchange(self, datasette: Any, request: Any) -> Any:
        """Both sides of an exchange, or an event or message."""
        asked = request.url_vars
        database = database_in(asked["database"])
        shown = await self._found(lambda databases: exchange(databases, database, asked["place"]))
        return await _page(datasette, request, "xentara_exchange.html", shown)

    async def element(self, datasette: Any, request: Any) -> Any:
        """An element with its values."""
        database = database_in(request.url_vars["database"])
        asked = {name: request.args.get(name) or "" for name in ("id", "name", "attribute")}
        shown = await self._found(lambda databases: element(databases, database, asked))
        return await _page(datasette, request, "xentara_element.html", shown)

    async def live(self, datasette: Any, request: Any) -> Any:
        """The newest lines of `log`; the page's script asks for more."""
        news, shown = await self._lines(request, 0)
        with_events = bool(request.args.get("events"))
        shown |= {"number": news.number, "with_events": with_events, "path": LIVE, "kept": KEPT}
        return await _page(datasette, request, "xentara_live.html", shown)

    async def news(self, datasette: Any, request: Any) -> Any:
        """In JSON: rows of the table that came behind a number, as `live.News` has them."""
        behind = request.args.get("behind") or ""
        news, shown = await self._lines(request, int(behind) if behind.isdecimal() else 0)
        rows = await datasette.render_template("_xentara_lines.html", shown, request=request)
        said = {"number": news.number, "rows": rows.strip(), "is_anew": news.is_anew}
        return Response.json(said, headers=_HEADERS)

    async def _lines(self, request: Any, behind: int) -> tuple[News, Shown]:
        with _told():
            news = await self._courses[bool(request.args.get("events"))].behind(behind)
        files = await self._recordings.ask(lambda databases: [file.label for file in databases.files])

        def link(name: str) -> str:
            database, _, place = name.rpartition(":")
            return exchange_path(database or files[0], place)

        return news, {"rows": news.rows, "link": link}

    async def _found(self, question: Callable[[Databases], Shown | None]) -> Shown:
        """What a page shows. Raises NotFound where there is nothing to show."""
        with _told():
            shown = await self._recordings.ask(question)
        if shown is None:
            raise NotFound("There is nothing of that name")
        return shown


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """Say on a page what cannot be answered, as that the databases are gone."""
    try:
        yield
    except (QuestionError, StoreError) as error:
        raise NotFound(str(error)) from None


async def _page(datasette: Any, request: Any, template: str, shown: Shown) -> Any:
    text = await datasette.render_template(template, shown, request=request)
    return Response.html(text, headers=_HEADERS)
