"""Messages in notation where mitmproxy shows contents, in its old and its new interface."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.proxy.shown import all_shown, chosen_view, flow_of, messages_of, viewing
from tests.store_traffic import CONVERSATION, HELLO, LEVEL, LEVEL_UUID, SUBSCRIPTION, event
from tests.transcript import edn
from tests.work import lines_run
from xentara_inspect.notation import messages as notation
from xentara_inspect.proxy.content_view import HEAD, Viewer
from xentara_inspect.traffic import packets


@pytest.fixture(autouse=True)
def viewer() -> Iterator[Viewer]:
    made = Viewer()
    with viewing(made):
        yield made


def shown(*lines: str, path: str = "/api/ws") -> str:
    """What mitmproxy shows of the last message of a conversation."""
    return all_shown(flow_of(*lines, path=path))[-1]


def test_a_message_is_shown_in_annotated_notation() -> None:
    assert "# OpCode: get_stage" in shown(">[[0, 65, 8]]")


def test_a_response_tells_its_request_and_its_fields_by_name() -> None:
    lines = [line.strip() for line in shown(*HELLO).splitlines()]
    assert lines[1].split("# ")[1] == "Packet 1: Success Response to client_hello, after 1.000 ms"
    assert lines[5].split()[:2] == ["0:", "1"]
    assert lines[5].split("# ")[1] == "current_protocol_version"


def test_a_response_tells_its_request_where_it_is_the_whole_message() -> None:
    assert "Response to client_hello, after 1.000 ms, without" in shown(HELLO[0], "<[1, 1, {0: 1}]")


def test_a_response_that_no_request_waits_for_says_so() -> None:
    text = shown(*HELLO, "<[[1, 7]]")
    assert "Success Response, which no request waits for" in text
    assert "# Finding: error unsolicited-response, packet 1: " in text


def test_an_event_names_element_attribute_and_subscription() -> None:
    text = shown(*CONVERSATION[:9])
    assert "Packet 1: Event of subscription 5B5B5B5B…" in text
    assert "element_uuid: Plant.Tank 1.Level" in text
    assert "11: 121(2.5)" in text
    assert "# Value" in text


def test_an_event_that_is_written_the_general_way_does_too() -> None:
    wide = event(1).replace("<[[8, 0,", "<[_ [8, 0,")
    text = shown(*CONVERSATION[:8], wide)
    assert "Packet 1: Event of subscription 5B5B5B5B…" in text


def test_an_event_of_no_subscription_names_none() -> None:
    unsubscribed = f">[[0, 8, 7, {{0: {SUBSCRIPTION}}}]]", "<[[1, 8]]", event(3)
    assert "Packet 1: Event\n" in shown(*CONVERSATION[:9], *unsubscribed)


def test_names_that_are_learned_later_are_shown_where_it_is_shown_again() -> None:
    flow = flow_of(*HELLO, event(1), f">[[0, 2, 2, {{0: {LEVEL}, 1: [0]}}]]", '<[[1, 2, {0: "Plant.Tank"}]]')
    first = messages_of(flow)[2]
    assert "Plant.Tank" not in chosen_view(flow, first)
    chosen_view(flow, messages_of(flow)[-1])
    assert "element_uuid: Plant.Tank" in chosen_view(flow, first)


def test_names_of_files_are_shown(viewer: Viewer, tmp_path: Path) -> None:
    names = tmp_path / "names.csv"
    names.write_text(f"uuid,name\n{LEVEL_UUID},North.Level\n")
    viewer.name_elements([str(names)])
    assert "element_uuid: North.Level" in shown(event(1))


def work_after(count: int, viewer: Viewer) -> tuple[int, int]:
    """Lines run for the text of one more message, and of all again, after so many were shown."""
    flow = flow_of(*CONVERSATION[:8], *map(event, range(count)))
    *before, last = messages_of(flow)
    for message in before:
        viewer.prettify(message.content, message, flow)

    def all_again() -> None:
        for message in messages_of(flow):
            viewer.prettify(message.content, message, flow)

    return lines_run(lambda: viewer.prettify(last.content, last, flow)), lines_run(all_again)


def test_the_work_for_a_message_does_not_grow_with_those_before_it(viewer: Viewer) -> None:
    work_after(50, viewer)  # templates and tables are made once
    (few, few_again), (many, many_again) = work_after(50, viewer), work_after(500, viewer)
    assert many < few * 1.2
    assert (many_again - few_again) / 450 < 10  # nothing is decoded or written again


def test_what_was_changed_is_shown_as_it_is_now() -> None:
    flow = flow_of(*HELLO)
    all_shown(flow)
    messages_of(flow)[1].content = edn("[[1, 1, {0: 2}]]")
    text = all_shown(flow)[1]
    assert "0: 2" in text
    assert "current_protocol_version" not in text


def test_the_secrets_of_a_client_are_not_shown() -> None:
    text = shown('>[[0, 1, 12, {0: 123({0: "me", 1: "not-a-real-password"})}]]')
    assert "not-a-real-password" not in text
    assert "blanked" in text


def test_nor_is_what_the_server_says_of_them() -> None:
    text = shown(
        '>[[0, 1, 12, {0: 123({0: "me", 1: "not-a-real-password"})}]]',
        '<[[2, 1, {0: -32602, 1: "me may not use not-a-real-password"}]]',
    )
    assert "Error Response to create_sub_session" in text
    assert "me may not use ****" in text
    assert "not-a-real-password" not in text


def test_malformed_and_text_messages_are_shown_too() -> None:
    assert "Malformed: byte 1" in shown(">hex:81")
    assert "ext message" in shown(">text:hello").lower()


def test_of_a_very_large_message_the_beginning_is_shown() -> None:
    assert shown(f">hex:5a{HEAD + 1:08x}{'00' * (HEAD + 1)}").endswith(
        f"# Only its first {HEAD} bytes are shown here, of {HEAD + 6}."
    )


def test_other_websockets_are_left_to_others() -> None:
    assert "Packet" not in shown(">[[0, 65, 8]]", path="/socket")


def test_notation_that_is_shown_is_notation(viewer: Viewer) -> None:
    flow = flow_of(*CONVERSATION)
    for message in messages_of(flow):
        text = viewer.prettify(message.content, message, flow)
        if not message.is_text and packets.parse(message.content).error is None:
            assert edn(text + "\n") == edn(notation.annotate(message.content, comments=False))
