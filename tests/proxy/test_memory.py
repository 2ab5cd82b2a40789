"""What stays in memory of the messages that have passed, where mitmweb shows them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from mitmproxy.addons.savehar import SaveHar
from mitmproxy.addons.view import View
from mitmproxy.http import HTTPFlow
from mitmproxy.test import taddons, tflow

from tests.proxy.shown import flow_of, messages_of
from tests.store_traffic import CONVERSATION, event
from xentara_inspect.proxy.content_view import Viewer
from xentara_inspect.proxy.memory import Window


def played(flow: HTTPFlow, window: Window, view: View) -> None:
    """Let the messages of a flow pass one by one, as mitmproxy does."""
    view.requestheaders(flow)
    coming = messages_of(flow)[:]
    messages_of(flow).clear()
    for message in coming:
        messages_of(flow).append(message)
        window.websocket_message(flow)


def with_mitmproxy(test: Callable[[View, taddons.context], None], **options: str) -> None:
    async def main() -> None:
        view = View()
        with taddons.context(view, SaveHar()) as context:
            context.options.update(**options)
            test(view, context)

    asyncio.run(main())


def test_the_newest_messages_of_all_connections_are_kept() -> None:
    def main(view: View, _: taddons.context) -> None:
        first, second = (flow_of(*map(event, range(8))) for _ in range(2))
        window = Window(Viewer(), messages=10)
        played(first, window, view)
        played(second, window, view)
        assert [len(messages_of(flow)) for flow in (first, second)] == [2, 8]

    with_mitmproxy(main)


def test_they_are_not_more_than_so_many_bytes() -> None:
    def main(view: View, _: taddons.context) -> None:
        flow = flow_of(*map(event, range(8)))
        size = len(messages_of(flow)[0].content)
        played(flow, Window(Viewer(), size=3 * size + 1), view)
        assert len(messages_of(flow)) == 3

    with_mitmproxy(main)


def test_the_newest_stays_whatever_its_size() -> None:
    def main(view: View, _: taddons.context) -> None:
        flow = flow_of(*map(event, range(8)))
        played(flow, Window(Viewer(), size=0), view)
        assert len(messages_of(flow)) == 1

    with_mitmproxy(main)


def test_what_has_left_unseen_still_tells_what_follows() -> None:
    def main(view: View, _: taddons.context) -> None:
        viewer = Viewer()
        flow = flow_of(*CONVERSATION[:8], *map(event, range(20)))
        played(flow, Window(viewer, messages=3), view)
        last = messages_of(flow)[-1]
        text = viewer.prettify(last.content, last, flow)
        assert "Event of subscription 5B5B5B5B…" in text
        assert "Plant.Tank 1.Level" in text

    with_mitmproxy(main)


def test_connections_that_are_over_go_when_their_messages_have_gone() -> None:
    def main(view: View, _: taddons.context) -> None:
        window = Window(Viewer(), messages=10)
        for _number in range(20):
            flow = flow_of(event(1))
            played(flow, window, view)
            window.websocket_end(flow)
        assert len(view) == 5

    with_mitmproxy(main)


def test_requests_that_open_no_connection_go_too() -> None:
    def main(view: View, _: taddons.context) -> None:
        window = Window(Viewer(), messages=10)
        for number in range(40):
            flow = tflow.tflow(resp=bool(number % 2), err=not number % 2)
            view.requestheaders(flow)
            if number % 2:
                window.response(flow)
            else:
                window.error(flow)
        assert len(view) == 10

    with_mitmproxy(main)


def test_where_mitmproxy_saves_the_traffic_all_is_kept() -> None:
    def main(view: View, _: taddons.context) -> None:
        flow = flow_of(*map(event, range(8)))
        played(flow, Window(Viewer(), messages=2), view)
        assert len(messages_of(flow)) == 8

    with_mitmproxy(main, hardump="-")
