"""What was learned to statements: elements, attributes and subscriptions, in the order of the traffic."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Final, assert_never

from xentara_inspect.index.keys import Keys
from xentara_inspect.store.columns import stored_integer, stored_uuid
from xentara_inspect.traffic.records import (
    AttributeKey,
    AttributeSeen,
    ElementSeen,
    Learned,
    SubscribedElements,
    SubscriptionClosed,
    SubscriptionOpened,
    SubscriptionRefused,
)

Statement = tuple[str, Sequence[Any]]

_TELL_ELEMENT: Final = """
    UPDATE elements SET
      learned_from = CASE WHEN ?1 IS NULL THEN coalesce(learned_from, ?3) ELSE ?3 END,
      primary_key = coalesce(?1, primary_key),
      category = coalesce(?2, category)
    WHERE id = ?4"""
_TELL_ATTRIBUTE: Final = """
    INSERT INTO element_attributes (element_id, attribute_id, name, access, data_type) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (element_id, attribute_id) DO UPDATE SET
      name = coalesce(excluded.name, name),
      access = coalesce(excluded.access, access),
      data_type = coalesce(excluded.data_type, data_type)"""
_NAME_ATTRIBUTE: Final = "UPDATE attributes SET name = coalesce(name, ?) WHERE id = ?"
_ASK: Final = (
    "INSERT INTO subscriptions (id, session_id, uuid, opened, closed, error_code) VALUES (?, ?, ?, ?, ?, ?)"
)
_ITEM: Final = "INSERT INTO subscription_items VALUES (?, ?, ?, ?)"
_CLOSE_SUBSCRIPTION: Final = (
    "UPDATE subscriptions SET closed = ?, unsubscribed = 1"
    " WHERE session_id = ? AND uuid = ? AND closed IS NULL"
)


def learned_statements(session_id: int, time: int, learned: Learned, keys: Keys) -> Iterator[Statement]:
    """SQL statements with their parameters. time: of the frame that told it, ns since 1970."""
    match learned:
        case ElementSeen(uuid, primary_key, category, learned_from):
            row = (primary_key, stored_integer(category), learned_from, keys.element(uuid))
            yield _TELL_ELEMENT, row
        case AttributeSeen(element, attribute, name, access, data_type):
            pair = (keys.element(element), keys.attribute(attribute))
            yield _TELL_ATTRIBUTE, (*pair, name, stored_integer(access), stored_integer(data_type))
            yield _NAME_ATTRIBUTE, (name, pair[1])
        case SubscriptionOpened(address, uuid, elements):
            # A subscription with the same id takes the place of the one before.
            yield _CLOSE_SUBSCRIPTION, (time, session_id, stored_uuid(uuid))
            yield _ASK, (address, session_id, stored_uuid(uuid), time, None, None)
            yield from item_statements(address, elements, keys)
        case SubscriptionRefused(address, elements, error_code):
            yield _ASK, (address, session_id, None, time, time, stored_integer(error_code))
            yield from item_statements(address, elements, keys)
        case SubscriptionClosed(uuid):
            yield _CLOSE_SUBSCRIPTION, (time, session_id, stored_uuid(uuid))
        case _:
            assert_never(learned)


def item_statements(subscription: int, elements: SubscribedElements, keys: Keys) -> Iterator[Statement]:
    """What a subscription asked for."""
    position = 0
    for element, attributes in elements:
        asked: Sequence[AttributeKey | None] = attributes or (None,)
        for attribute in asked:
            position += 1
            key = keys.attribute(attribute) if attribute is not None else None
            yield _ITEM, (subscription, position, keys.element(element), key)
