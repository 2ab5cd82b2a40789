"""Transport, packet types, tags and the identifiers of everything that has a number.

The letters are the sources that `xentara_inspect.protocol` names.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from xentara_inspect.protocol.shape_types import EnumTable

# Transport (D C T)
PATH: Final = "/api/ws"
SUBPROTOCOL: Final = "xentara-v1"
SUBPROTOCOL_PREFIX: Final = "xentara"
USUAL_PORT: Final = 8080

# Packet types (S; event: D C T)
REQUEST: Final = 0
SUCCESS: Final = 1
ERROR: Final = 2
EVENT: Final = 8

PACKET_TYPES: Final[EnumTable] = {
    REQUEST: "Request",
    SUCCESS: "Success Response",
    ERROR: "Error Response",
    EVENT: "Event",
}

FROM_CLIENT: Final = frozenset({REQUEST})
"""Packet types a client may send; all others come from the server (S)."""

# Elements of a packet's array behind its type (S; event: D C T)
PACKET_LAYOUTS: Final[dict[int, tuple[str, ...]]] = {
    REQUEST: ("Message Id", "OpCode", "Parameters"),
    SUCCESS: ("Message Id", "Result"),
    ERROR: ("Message Id", "Error Object"),
    EVENT: ("Event Type", "Event Object"),
}
MINIMUM_LENGTHS: Final[dict[int, int]] = {REQUEST: 3, SUCCESS: 2, ERROR: 3, EVENT: 3}
"""Shortest array of each type: parameters and results may be left out (S)."""

# Tags (S D; 1 and the bare 1001: C)
TAG_EPOCH: Final = 1
TAG_DECIMAL_FRACTION: Final = 4
TAG_UUID: Final = 37
TAG_TIME: Final = 1001
TAG_ALTERNATIVE_0: Final = 121
TAG_ALTERNATIVE_1: Final = 122
TAG_ALTERNATIVE_2: Final = 123

TAG_NAMES: Final[EnumTable] = {
    0: "Date/Time Text",
    TAG_EPOCH: "Epoch Time",
    2: "Unsigned Bignum",
    3: "Negative Bignum",
    TAG_DECIMAL_FRACTION: "Decimal Fraction",
    5: "Bigfloat",
    24: "Embedded CBOR",
    TAG_UUID: "UUID",
    TAG_TIME: "Time Stamp",
    TAG_ALTERNATIVE_0: "Alternative 0",
    TAG_ALTERNATIVE_1: "Alternative 1",
    TAG_ALTERNATIVE_2: "Alternative 2",
    55799: "Self-Described CBOR",
}
"""Tags of the protocol, and those of RFC 8949 section 3.4 that a value may carry."""

TIME_KEY_SECONDS: Final = 1
TIME_KEY_DECIMAL: Final = 4

# Attributes: identifiers (D) and the UUIDs by which the vendor's client also knows them (C)
ATTRIBUTE_SOURCE_TIME: Final = 5
ATTRIBUTE_QUALITY: Final = 9
ATTRIBUTE_VALUE: Final = 11
ATTRIBUTE_PRIMARY_KEY: Final = 0
ATTRIBUTE_CATEGORY: Final = 4

ATTRIBUTES: Final[EnumTable] = {
    0: "Primary Key",
    1: "Name",
    2: "UUID",
    3: "Type",
    4: "Category",
    5: "Source Time",
    6: "Update Time",
    7: "Change Time",
    8: "Write Time",
    9: "Quality",
    10: "Device State",
    11: "Value",
    12: "Error",
    13: "Write Error",
}

ATTRIBUTE_UUIDS: Final[dict[UUID, int]] = {
    UUID("ed22790e-261b-4a23-bfcc-6175a5571b33"): 0,
    UUID("0f974e57-cb9a-4d46-8811-efe3d619ecb9"): 1,
    UUID("b610a3e8-eff1-4a1a-b099-1939586b7aff"): 2,
    UUID("e1d217de-cf51-4852-8b90-d691a00871dc"): 3,
    UUID("cc9219e1-74b5-4be4-86c7-0fff12eb5324"): 4,
    UUID("5f67b0fb-d000-4b7c-92e4-78a36cb05b9d"): 5,
    UUID("91eed150-f62c-424b-ba59-9269b02e234c"): 6,
    UUID("54f09787-dcbe-4fbf-9a02-524e469eea47"): 7,
    UUID("0a62de23-0564-4b91-8225-569dfa1ac04f"): 8,
    UUID("d3c4b709-bccf-4665-9621-abfb5c6addce"): 9,
    UUID("d0da9c4b-3240-404d-9f40-e52361b870e6"): 10,
    UUID("4aa0e4e0-521e-4599-a985-e454baa59f89"): 11,
    UUID("85a28731-2553-4886-8cd1-8b9d9980fa04"): 12,
    UUID("70435d1d-224f-4c25-a1ac-5191d7514252"): 13,
}

ATTRIBUTE_NUMBERS: Final[dict[bytes, int]] = {uuid.bytes: number for uuid, number in ATTRIBUTE_UUIDS.items()}
"""Identifiers of the well-known attributes by the 16 bytes of their UUIDs."""

# Identifiers (D)
ELEMENT_CATEGORIES: Final[EnumTable] = {
    0: "Root Element",
    1: "Element Group",
    2: "Data Point",
    3: "Timer",
    4: "Execution Track",
    5: "Execution Pipeline",
    6: "Device",
    7: "Sub Device",
    8: "Device Group",
    9: "Data Point Group",
    10: "Transaction",
    11: "Microservice",
    12: "AI",
    13: "Data Storage",
    14: "External Interface",
    15: "Special Purpose",
}
SERVER_INFORMATION: Final[EnumTable] = {0: "Version", 1: "User Name", 2: "Model File Path"}
META_DATA: Final[EnumTable] = {
    0: "Primary Key",
    1: "Element Category",
    2: "Attribute List",
    3: "Has Children",
}
QUALITIES: Final[EnumTable] = {0: "Good", 1: "Acceptable", 2: "Unreliable", 3: "Bad"}
QUALITY_GOOD: Final = 0
QUALITY_UNRELIABLE: Final = 2
OPERATIONAL_STAGES: Final[EnumTable] = {
    # The manual also names Suspended and Shutdown; their numbers are not known.
    0: "Start Up",
    1: "Pre Operational",
    2: "Operational",
    3: "Post Operational",
}
# Attribute access and data types (C)
ATTRIBUTE_ACCESS: Final[EnumTable] = {0: "read only", 1: "write only", 2: "read and write"}
ACCESS_READ_ONLY: Final = 0
ATTRIBUTE_DATA_TYPES: Final[EnumTable] = {
    0: "Boolean",
    1: "SignedInteger8",
    2: "SignedInteger16",
    3: "SignedInteger32",
    4: "SignedInteger64",
    5: "UnsignedInteger8",
    6: "UnsignedInteger16",
    7: "UnsignedInteger32",
    8: "UnsignedInteger64",
    9: "Float32",
    10: "Float64",
    11: "String",
    12: "WString",
    13: "U8String",
    14: "U16String",
    15: "U32String",
    16: "TimePoint",
    17: "Uuid",
    18: "Quality",
    19: "ElementCategory",
    20: "ErrorCode",
    21: "Custom",
    22: "None",
}
DATA_TYPE_BOOLEAN: Final = 0
DATA_TYPE_TIME_POINT: Final = 16
DATA_TYPE_UUID: Final = 17
INTEGER_DATA_TYPES: Final[dict[int, tuple[int, int]]] = {
    **{1 + step: (-(1 << (8 << step) - 1), (1 << (8 << step) - 1) - 1) for step in range(4)},
    **{5 + step: (0, (1 << (8 << step)) - 1) for step in range(4)},
    18: (min(QUALITIES), max(QUALITIES)),
    19: (min(ELEMENT_CATEGORIES), max(ELEMENT_CATEGORIES)),
    20: (-(1 << 31), (1 << 31) - 1),
}
"""Least and greatest value of the data types whose values are integers."""
FLOAT_DATA_TYPES: Final[dict[int, float]] = {9: 3.4028234663852886e38, 10: 1.7976931348623157e308}
"""The greatest value of the data types whose values are floats (IEEE 754)."""
TEXT_DATA_TYPES: Final = frozenset({11, 12, 13, 14, 15})
ATTRIBUTE_TYPES: Final[dict[int, int]] = {
    # I: these data types are there for no other attributes
    2: DATA_TYPE_UUID,
    4: 19,
    5: DATA_TYPE_TIME_POINT,
    6: DATA_TYPE_TIME_POINT,
    7: DATA_TYPE_TIME_POINT,
    8: DATA_TYPE_TIME_POINT,
    9: 18,
    12: 20,
    13: 20,
}
"""Data types of the well-known attributes that have the same one everywhere."""
# Event types (0: D; 1: I)
EVENT_DATA_CHANGE: Final = 0
EVENT_STAGE_CHANGE: Final = 1
EVENT_TYPES: Final[EnumTable] = {EVENT_DATA_CHANGE: "Data Change", EVENT_STAGE_CHANGE: "Stage Change"}
INFERRED_EVENT_TYPES: Final = frozenset({EVENT_STAGE_CHANGE})
