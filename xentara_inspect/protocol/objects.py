"""Shapes that several commands share, and that of events.

The letters are the sources that `xentara_inspect.protocol` names.
"""

from __future__ import annotations

from typing import Final

from xentara_inspect.protocol.error_codes import ERROR_NAMES
from xentara_inspect.protocol.identifiers import (
    ATTRIBUTE_ACCESS,
    ATTRIBUTE_DATA_TYPES,
    ELEMENT_CATEGORIES,
    EVENT_DATA_CHANGE,
    QUALITIES,
    SERVER_INFORMATION,
    TAG_ALTERNATIVE_0,
    TAG_ALTERNATIVE_1,
    TAG_ALTERNATIVE_2,
)
from xentara_inspect.protocol.shape_types import (
    Alternative,
    Alternatives,
    Anything,
    ArrayOf,
    AttributeId,
    Boolean,
    Bytes,
    Field,
    Integer,
    MapOf,
    Object,
    Shape,
    Text,
    TimePoint,
    Uuid,
    UuidRole,
)

# Shapes that several commands share
ELEMENT: Final = Uuid(UuidRole.ELEMENT)
SUB_SESSION: Final = Uuid(UuidRole.SUB_SESSION)
SUBSCRIPTION: Final = Uuid(UuidRole.SUBSCRIPTION)
CATEGORY: Final = Integer(values=ELEMENT_CATEGORIES, enumeration="Element Category")
PRIMARY_KEY: Final = Text(may_be_empty=False)
ATTRIBUTE_IDS: Final = ArrayOf(AttributeId())

ERROR_OBJECT: Final = Object(
    "Error Object",
    (
        Field(0, "error_code", Integer(values=ERROR_NAMES, enumeration="Error Code"), title="Error Code"),
        Field(1, "error_text", Text(), optional=True, title="Error Message"),
    ),
)
ATTRIBUTE_RESULT: Final = Alternatives(
    "Attribute Result",
    (
        Alternative(TAG_ALTERNATIVE_0, "Success", Anything()),
        Alternative(TAG_ALTERNATIVE_1, "Error", ERROR_OBJECT),
    ),
)
ATTRIBUTE_VALUES: Final = MapOf(AttributeId(), ATTRIBUTE_RESULT, name="Attribute Values")
"""Values or errors by attribute, in read results and data change events (S D)."""

AUTHENTICATION: Final = Alternatives(  # S; client certificate: D
    "Authentication",
    (
        Alternative(
            TAG_ALTERNATIVE_0,
            "OAuth 2.0 Authentication",
            Object("OAuth 2.0 Credentials", (Field(0, "token", Text(secret=True)),)),
        ),
        Alternative(
            TAG_ALTERNATIVE_1,
            "Client Certificate Authentication",
            Object("Client Certificate", (Field(0, "certificate", Bytes()),)),
        ),
        Alternative(
            TAG_ALTERNATIVE_2,
            "Username/Password Authentication",
            Object("Credentials", (Field(0, "username", Text()), Field(1, "password", Text(secret=True)))),
        ),
    ),
)

ATTRIBUTE_VALUE_SHAPES: Final[dict[int, Shape]] = {
    0: Text(),
    1: Text(),
    4: CATEGORY,
    5: TimePoint(),
    6: TimePoint(),
    7: TimePoint(),
    8: TimePoint(),
    9: Integer(values=QUALITIES, enumeration="Quality"),
    12: Integer(values=ERROR_NAMES, enumeration="Error Code"),
    13: Integer(values=ERROR_NAMES, enumeration="Error Code"),
}
"""What the value of a known attribute is, where that adds meaning: a name for a number, a time."""

SERVER_INFORMATION_OBJECT: Final = Object(
    "Server Information Object",
    tuple(Field(key, name, Text(), optional=True, title=name) for key, name in SERVER_INFORMATION.items()),
)
META_DATA_OBJECT: Final = Object(  # D; access and data type: C
    "Meta Data Object",
    (
        Field(0, "primary_key", Text(), optional=True),
        Field(1, "element_category", CATEGORY, optional=True),
        Field(
            2,
            "attribute_list",
            ArrayOf(
                Object(
                    "Attribute",
                    (
                        Field(0, "attribute_name", Text()),
                        Field(1, "attribute_id", AttributeId()),
                        Field(
                            2,
                            "attribute_access",
                            Integer(values=ATTRIBUTE_ACCESS, enumeration="Attribute Access"),
                        ),
                        Field(
                            3,
                            "attribute_data_type",
                            Integer(values=ATTRIBUTE_DATA_TYPES, enumeration="Attribute Data Type"),
                        ),
                    ),
                )
            ),
            optional=True,
        ),
        Field(3, "has_children", Boolean(), optional=True),
    ),
)

EVENTS: Final[dict[int, Object]] = {  # C T
    EVENT_DATA_CHANGE: Object(
        "Event Object",
        (
            Field(0, "time", TimePoint(), title="Time"),
            Field(1, "element_uuid", ELEMENT),
            Field(2, "attributes", ATTRIBUTE_VALUES),
        ),
    ),
}
