"""A recording as what is played: its connections, what was asked on them, and what came of it."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from xentara_inspect.playback.events import Events, read_events
from xentara_inspect.playback.states import States, read_states
from xentara_inspect.protocol import commands, error_codes
from xentara_inspect.queries.conversations import Conversation, Conversations
from xentara_inspect.queries.databases import Databases
from xentara_inspect.queries.ignoring import Ignored
from xentara_inspect.queries.parsed_frames import ParsedFrames, Shown
from xentara_inspect.queries.where import Several
from xentara_inspect.store.columns import loaded_integer
from xentara_inspect.traffic.packets import Response
from xentara_inspect.traffic.readings import AttributeKey, attribute_number, error_object

_SESSION: Final = "SELECT path, subprotocol, opened FROM sessions WHERE id = ?"

_HELLO: Final = "SELECT 1 FROM exchanges WHERE session_id = ? AND opcode = ? AND requested IS NOT NULL"
_LONGEST: Final = "SELECT max(length(payload)) AS longest FROM frames WHERE session_id = ? AND from_client"
_ACCESS: Final = "SELECT attribute_id, access FROM element_attributes WHERE element_id = ?"
_FOR_ANY_VALUE: Final = {error_codes.ACCESS_DENIED, error_codes.READ_ONLY, error_codes.MISSING_ATTRIBUTE}


class Answer(NamedTuple):
    """What came of a recorded request.

    id: address of the request. body: bytes of the result or error object, None for none. time: when it was
    answered, ns since 1970.
    """

    id: int
    body: bytes | None
    is_error: bool
    error_code: int | None
    time: int


class Found(NamedTuple):
    """A recorded request that asks the same: its place among those of a connection, and what came of it.

    is_next: whether it is its turn: all before it that ask the same were asked again too.
    """

    talk: Talk
    place: int
    answer: Answer | None
    is_next: bool

    @property
    def is_refused(self) -> bool:
        """Whether it was answered with an error."""
        return self.answer is not None and self.answer.is_error


class Talk:
    """A recorded connection. path, subprotocol: of its upgrade. opened: ns since 1970.

    is_greeted: whether there is a `client_hello` in it; without one it was begun before it was recorded.
    """

    def __init__(self, conversation: Conversation, databases: Databases, source: Conversations) -> None:
        self._lane = conversation.requests
        self._source = source
        recording, self.session = conversation.key
        self.files = databases.recordings[recording].files
        rows = [file.row(_SESSION, self.session) for file in self.files]
        known = (tuple(row) for row in rows if row is not None)
        self.path, self.subprotocol, opened = next(known, (None, None, 0))
        self.opened: int = opened
        self.is_greeted = any(file.row(_HELLO, self.session, commands.CLIENT_HELLO) for file in self.files)
        self._whole: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        self._asked: defaultdict[int, array[int]] = defaultdict(lambda: array("q"))
        for place, (whole, asked) in enumerate(zip(self._lane.whole, self._lane.asked, strict=True)):
            self._whole[whole].append(place)
            self._asked[asked].append(place)
        self.events: Events = read_events(self.files, self.session)

    def of_same(self, whole: int) -> Sequence[int]:
        """The places of requests that ask exactly this."""
        return self._whole.get(whole, ())

    def of_like(self, asked: int) -> Sequence[int]:
        """The places of requests that ask this, whatever is to be written."""
        return self._asked.get(asked, ())

    def refusal_of_like(self, asked: int) -> int | None:
        """The error of the last request that asks this, where no value would have been accepted."""
        places = self.of_like(asked)
        answer = self.answer(places[-1]) if places else None
        return answer.error_code if answer is not None and answer.error_code in _FOR_ANY_VALUE else None

    def answer(self, place: int) -> Answer | None:
        """What came of a request; None where it was never answered. Raises StoreError."""
        home, request_id = self._lane.homes[place], self._lane.ids[place]
        shown = self._source.response(home, request_id)
        if shown is None or not isinstance(shown.packet, Response):
            return None
        time = self._source.time(home, request_id)
        body, payload = shown.packet.body, shown.payload
        code = error_object(body)[0] if shown.packet.is_error else None
        content = payload[body.start : body.end] if body is not None else None
        return Answer(request_id, content, shown.packet.is_error, code, time)


class Recording:
    """What is played. talks: the connections, in the order in which they opened.

    names: all that are known; by_name: elements by primary key.
    """

    def __init__(self, databases: Databases, session: Several[int | str] = None) -> None:
        """session: only these connections. Raises StoreError, QuestionError."""
        self._databases = databases
        self.names = databases.names
        self.by_name = {name: element for element, name in self.names.named_elements().items()}
        source = Conversations(databases, self.names, Ignored((), databases), {})
        self.talks = [
            Talk(conversation, databases, source)
            for conversation in source.read(session)
            if conversation.requests.ids
        ]
        self._frames = [ParsedFrames(file) for file in databases.files]
        self.states: States = read_states(databases, session)

    def find(self, own: Talk, whole: int, before: int) -> Found | None:
        """A request that asks exactly this, first on one connection, then on others.

        before: how often it was asked before; beyond what is recorded the last one counts.
        """
        for talk in (own, *(talk for talk in self.talks if talk is not own)):
            places = talk.of_same(whole)
            if places:
                place = places[min(before, len(places) - 1)]
                return Found(talk, place, talk.answer(place), before < len(places))
        return None

    def longest_message(self) -> int:
        """The bytes of a client's longest message. Raises StoreError."""
        rows = [file.row(_LONGEST, talk.session) for talk in self.talks for file in talk.files]
        return max((row["longest"] or 0 for row in rows if row is not None), default=0)

    def packet(self, home: int, place: int) -> Shown | None:
        """A packet by its address. Raises StoreError."""
        return self._frames[home].packet(place)

    def told(self, element: bytes, attribute: AttributeKey, time: int) -> bytes | None:
        """What an attribute was told to be, nearest before a time, as it was sent; None for never."""
        where = self.states.at(element, attribute, time)
        shown = self.packet(*where) if where is not None else None
        return self.states.entry(shown, attribute) if shown is not None else None

    def is_known(self, element: bytes, attribute: AttributeKey) -> bool:
        """Whether an attribute was ever told, or written."""
        return self.states.is_known(element, attribute_number(attribute))

    def access(self, element: bytes, attribute: AttributeKey) -> int | None:
        """What `meta_data` tells of the access to an attribute; None where it does not. Raises StoreError."""
        key = attribute_number(attribute)
        for file in self._databases.files:
            for element_key in file.element_keys([element]):
                for row in file.rows(_ACCESS, (element_key,)):
                    if attribute_number(file.attribute(row["attribute_id"])) == key:
                        return loaded_integer(row["access"])
        return None
