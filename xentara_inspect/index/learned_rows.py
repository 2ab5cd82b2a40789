"""What was learned to statements: elements, attributes and subscriptions, in the order of the traffic."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final

from xentara_inspect.index.checkpoint import Position
from xentara_inspect.store.columns import stored_attribute, stored_integer, stored_uuid
from xentara_inspect.traffic.records import (
    AttributeKey,
    AttributeSeen,
    ElementSeen,
    Learned,
    SubscriptionClosed,
    SubscriptionOpened,
)

Statement = tuple[str, Sequence[Any]]

_JSON_LIMIT: Final = 1 << 53
_UPSERT_ELEMENT: Final = """
    INSERT INTO elements (uuid, primary_key, category, learned_from) VALUES (?, ?, ?, ?)
    ON CONFLICT (uuid) DO UPDATE SET
      learned_from = CASE WHEN excluded.primary_key IS NULL THEN learned_from ELSE excluded.learned_from END,
      primary_key = coalesce(excluded.primary_key, primary_key),
      category = coalesce(excluded.category, category)"""
_UPSERT_ATTRIBUTE: Final = """
    INSERT INTO attributes (element, attribute, name, access, data_type) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (element, attribute) DO UPDATE SET
      name = coalesce(excluded.name, name),
      access = coalesce(excluded.access, access),
      data_type = coalesce(excluded.data_type, data_type)"""
_OPEN_SUBSCRIPTION: Final = (
    "INSERT INTO subscriptions (id, session_id, uuid, elements, opened) VALUES (?, ?, ?, ?, ?)"
)
_CLOSE_SUBSCRIPTION: Final = (
    "UPDATE subscriptions SET closed = ?, unsubscribed = 1"
    " WHERE session_id = ? AND uuid = ? AND closed IS NULL"
)


def learned_statements(
    session_id: int, time: int, learned: Learned, position: Position
) -> Iterator[Statement]:
    """SQL statements with their parameters. position: gives ids to subscriptions."""
    if isinstance(learned, ElementSeen):
        category = stored_integer(learned.category)
        yield (
            _UPSERT_ELEMENT,
            (stored_uuid(learned.uuid), learned.primary_key, category, learned.learned_from),
        )
    elif isinstance(learned, AttributeSeen):
        key = (stored_uuid(learned.element), stored_attribute(learned.attribute))
        numbers = (stored_integer(learned.access), stored_integer(learned.data_type))
        yield _UPSERT_ATTRIBUTE, (*key, learned.name, *numbers)
    elif isinstance(learned, SubscriptionOpened):
        uuid = stored_uuid(learned.uuid)
        # A subscription with the same id takes the place of the one before.
        yield _CLOSE_SUBSCRIPTION, (time, session_id, uuid)
        position.subscriptions += 1
        yield _OPEN_SUBSCRIPTION, (position.subscriptions, session_id, uuid, _elements(learned), time)
    elif isinstance(learned, SubscriptionClosed):
        yield _CLOSE_SUBSCRIPTION, (time, session_id, stored_uuid(learned.uuid))


def _elements(opened: SubscriptionOpened) -> str:
    return json.dumps(
        [
            {"element": stored_uuid(element), "attributes": [_json_attribute(key) for key in attributes]}
            for element, attributes in opened.elements
        ]
    )


def _json_attribute(attribute: AttributeKey) -> int | str | None:
    if isinstance(attribute, int) and abs(attribute) > _JSON_LIMIT:
        return str(attribute)
    return stored_attribute(attribute)
