"""How a simulator misbehaves, for tests and samples."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Behaviour:
    """What to do otherwise than a server should; by default nothing.

    Messages of a client are numbered from 1 on each connection.

    delays: seconds before an answer is sent, by opcode; it then comes in a message of its own.
    silent_opcodes, silent_ids: requests that are carried out and never answered.
    hold_back: by message id, the number of the client message behind whose answers this answer goes.
    reverse_batches: the answers to a message come in reverse order.
    one_response_per_frame: each answer is a message of its own.
    mute: requests are not even looked at; only `frames_after` is sent.
    frames_after: by number of a client message, what is sent as it is behind the answers to it;
    bytes go as a binary message, text as a text message.
    """

    delays: Mapping[int, float] = field(default_factory=dict)
    silent_opcodes: frozenset[int] = frozenset()
    silent_ids: frozenset[int] = frozenset()
    hold_back: Mapping[int, int] = field(default_factory=dict)
    reverse_batches: bool = False
    one_response_per_frame: bool = False
    mute: bool = False
    frames_after: Mapping[int, Sequence[bytes | str]] = field(default_factory=dict)


WELL_BEHAVED = Behaviour()
