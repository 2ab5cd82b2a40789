"""What Datasette asks us: functions in SQL, cells, pages of our own, and what must not be seen raw."""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup
from pluggy import HookimplMarker

from xentara_inspect.escape import safe
from xentara_inspect.frames import frame_of
from xentara_inspect.store.addresses import address_text
from xentara_inspect.store.questions import QUESTIONS
from xentara_inspect.store.sql_functions import register
from xentara_inspect.web.site.cells import cell
from xentara_inspect.web.site.configuration import first_lists
from xentara_inspect.web.site.pages import Pages
from xentara_inspect.web.site.paths import ELEMENT, EXCHANGE, LIVE, exchange_path

hookimpl = HookimplMarker("datasette")
Answer = Callable[[Any, Any], Awaitable[Any]]

_ADDRESSED: Final = ("packets", "exchanges", "subscriptions")
"""Tables whose key is an address."""
_STYLE: Final = "/-/xentara/site.css"


class Plugin:
    """Answers of ours. Datasette wants plugins to have names, as modules do."""

    __name__ = "xentara_inspect"

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    @hookimpl
    def prepare_connection(self, conn: sqlite3.Connection) -> None:
        """Add our functions to a connection."""
        register(conn)

    @hookimpl
    def prepare_jinja2_environment(self, env: Environment) -> None:
        """Let nothing into any page that hides or reorders its neighbours."""
        env.finalize = visible

    @hookimpl
    def register_routes(self) -> list[tuple[str, Answer]]:
        """Pages of our own."""
        pages = self._pages
        return [
            (EXCHANGE, _function(pages.exchange)),
            (ELEMENT, _function(pages.element)),
            (f"{LIVE}$", _function(pages.live)),
            (rf"{LIVE}\.json$", _function(pages.news)),
        ]

    @hookimpl
    def render_cell(self, row: Any, value: Any, column: str, table: str | None, database: str) -> Any:
        """A cell; None for what Datasette makes of it."""
        return cell(row, value, column, table, database)

    @hookimpl
    def menu_links(self, datasette: Any) -> list[dict[str, str]]:
        """What every page leads to."""
        return [{"href": datasette.urls.path(LIVE), "label": "What is happening now"}]

    @hookimpl
    def extra_css_urls(self) -> list[str]:
        """Our style, behind Datasette's."""
        return [_STYLE]

    @hookimpl
    def extra_template_vars(self, request: Any) -> dict[str, Any]:
        """What our templates show: the first lists, questions, where a row belongs."""
        questions = [(name, question.title) for name, question in QUESTIONS.items()]
        return {
            "xentara_first": first_lists(),
            "xentara_questions": questions,
            "xentara_exchange": _shown_by(request),
        }


def _function(method: Answer) -> Answer:
    """What Datasette takes from 1.0 on, which is no method."""

    async def answer(datasette: Any, request: Any) -> Any:
        return await method(datasette, request)

    return answer


def _shown_by(request: Any) -> str | None:
    """Where the page is that shows the row of a page in full."""
    asked = request.url_vars if request is not None else {}
    key = asked.get("pks", "")
    if not key.isdecimal():
        return None
    if asked.get("table") == "frames":
        return exchange_path(asked["database"], key)
    if asked.get("table") in _ADDRESSED and frame_of(int(key)):
        return exchange_path(asked["database"], address_text(int(key)))
    return None


def visible(value: Any) -> Any:
    """A text as it may stand in a page: line breaks stay, all else that is not plainly seen is escaped."""
    if not isinstance(value, str) or (value.isascii() and value.isprintable()):
        return value
    lines = "\n".join("\t".join(map(safe, line.split("\t"))) for line in value.split("\n"))
    return Markup(lines) if hasattr(value, "__html__") else lines  # noqa: S704 - it was that before
