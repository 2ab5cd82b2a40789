"""The protocol of the Xentara WebSocket interface, as tables and nothing else.

Sources, by letter, at each fact or over its table:

- S: the pages on packaging, client hello, create sub session, read and check access of the
  Xentara WebSocket API Specification 2.0.3 and 2.0.4
- D: another page of the same specification
- C: what the vendor's own client sends and accepts
- T: a third-party client
- I: inferred; a guess, and called one in annotations

Where sources disagree the tool shows what is on the wire.
"""

from __future__ import annotations

from typing import Final
from uuid import UUID

from xentara_inspect.schema import (
    Alternative,
    Alternatives,
    Anything,
    ArrayOf,
    AttributeId,
    Boolean,
    Bytes,
    Command,
    EnumTable,
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
TIME_UNITS: Final[EnumTable] = {-9: "ns", -6: "µs", -3: "ms", 0: "s"}
"""Exponents of the decimal fraction in a time stamp (D)."""

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
OPERATIONAL_STAGES: Final[EnumTable] = {
    # The manual also names Suspended and Shutdown; their numbers are not known.
    0: "Start Up",
    1: "Pre Operational",
    2: "Operational",
    3: "Post Operational",
}
# Attribute access and data types (C)
ATTRIBUTE_ACCESS: Final[EnumTable] = {0: "read only", 1: "write only", 2: "read and write"}
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
# Event types (0: D; 1: I)
EVENT_DATA_CHANGE: Final = 0
EVENT_STAGE_CHANGE: Final = 1
EVENT_TYPES: Final[EnumTable] = {EVENT_DATA_CHANGE: "Data Change", EVENT_STAGE_CHANGE: "Stage Change"}
INFERRED_EVENT_TYPES: Final = frozenset({EVENT_STAGE_CHANGE})

# Error codes
PARSE_ERROR: Final = -32700
INTERNAL_ERROR: Final = -32603
INVALID_PARAMETER: Final = -32602
COMMAND_NOT_FOUND: Final = -32601
INVALID_REQUEST: Final = -32600
MISSING_CLIENT_HELLO: Final = -32000
DUPLICATE_CLIENT_HELLO: Final = -32001
UNKNOWN_ELEMENT: Final = -32100
MISSING_ATTRIBUTE: Final = -32101
ACCESS_DENIED: Final = -32102
READ_ONLY: Final = -32103
WRITE_ONLY: Final = -32104
VALUE_OUT_OF_RANGE: Final = -32105
TYPE_MISMATCH: Final = -32106
ILLEGAL_VALUE: Final = -32107
READ_ERROR: Final = -32108
READ_OR_WRITE_ERROR: Final = -32109
UNKNOWN_SUBSCRIPTION_ID: Final = -32110
UNKNOWN_SESSION_ID: Final = -32111
INVALID_STAGE_CHANGE: Final = -32112

ERROR_NAMES: Final[EnumTable] = {
    PARSE_ERROR: "Parse Error",  # S
    INTERNAL_ERROR: "Internal Error",  # S
    INVALID_PARAMETER: "Invalid Parameter",  # S
    COMMAND_NOT_FOUND: "Command Not Found",  # C
    INVALID_REQUEST: "Invalid Request",  # S
    MISSING_CLIENT_HELLO: "Missing Client Hello Request",  # S
    DUPLICATE_CLIENT_HELLO: "Duplicate Client Hello Request",  # S
    UNKNOWN_ELEMENT: "Unknown Element",  # S
    MISSING_ATTRIBUTE: "Missing Attribute",  # S
    ACCESS_DENIED: "Access Denied",  # S
    # The pages of read and write disagree on the next one; outside of them the vendor's word counts.
    READ_ONLY: "Read Only",  # C
    WRITE_ONLY: "Write Only",  # C
    VALUE_OUT_OF_RANGE: "Value Out Of Range",  # D
    TYPE_MISMATCH: "Type Mismatch",  # S
    ILLEGAL_VALUE: "Illegal Value",  # D
    READ_ERROR: "Read Error",  # C
    READ_OR_WRITE_ERROR: "Write Error",  # C
    UNKNOWN_SUBSCRIPTION_ID: "Unknown Subscription Id",  # D
    UNKNOWN_SESSION_ID: "Unknown Session Id",  # D
    INVALID_STAGE_CHANGE: "Invalid Stage Change Request",  # D
}

VENDOR_ERROR_TEXTS: Final[EnumTable] = {  # C
    PARSE_ERROR: "payload not well formed",
    INTERNAL_ERROR: "internal server error",
    INVALID_PARAMETER: "invalid parameter",
    COMMAND_NOT_FOUND: "command not found",
    INVALID_REQUEST: "invalid request",
    MISSING_CLIENT_HELLO: "missing client hello request",
    DUPLICATE_CLIENT_HELLO: "duplicate client hello request",
    UNKNOWN_ELEMENT: "unknown element",
    MISSING_ATTRIBUTE: "missing attribute",
    ACCESS_DENIED: "access denied",
    READ_ONLY: "value is read only",
    WRITE_ONLY: "value is write only",
    VALUE_OUT_OF_RANGE: "value is out of range",
    TYPE_MISMATCH: "value cannot be converted to requested type",
    ILLEGAL_VALUE: "value supplied is not valid",
    READ_ERROR: "read error",
    READ_OR_WRITE_ERROR: "write error",
    UNKNOWN_SUBSCRIPTION_ID: "unknown subscription Id",
    UNKNOWN_SESSION_ID: "unknown session Id",
    INVALID_STAGE_CHANGE: "invalid stage change request",
}

COMMON_ERRORS: Final = (
    PARSE_ERROR,
    INTERNAL_ERROR,
    INVALID_PARAMETER,
    INVALID_REQUEST,
    MISSING_CLIENT_HELLO,
)
"""Errors that every command may answer with, unless its row excludes them (S D)."""

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

_STAGE_PARAMETERS: Final = (Field(0, "session_id", SUB_SESSION, optional=True),)
_STAGE_ERRORS: Final = (ACCESS_DENIED, INVALID_STAGE_CHANGE)

# Opcodes, for those who must name one
SERVER_INFORMATION_COMMAND: Final = 0
BROWSE: Final = 1
META_DATA_COMMAND: Final = 2
LOOKUP: Final = 3
READ: Final = 4
WRITE: Final = 5
SUBSCRIBE: Final = 6
UNSUBSCRIBE: Final = 7
GET_STAGE: Final = 8
RESUME: Final = 9
SUSPEND: Final = 10
SHUTDOWN: Final = 11
CREATE_SUB_SESSION: Final = 12
CLOSE_SUB_SESSION: Final = 13
CLIENT_HELLO: Final = 14
CHECK_ACCESS: Final = 15

_COMMAND_ROWS: Final = (
    Command(
        SERVER_INFORMATION_COMMAND,
        "server_information",
        Object(
            "Server Information Object",
            (
                Field(
                    0,
                    "server_information_ids",
                    ArrayOf(Integer(values=SERVER_INFORMATION, enumeration="Server Information")),
                ),
            ),
        ),
        SERVER_INFORMATION_OBJECT,
    ),
    Command(
        BROWSE,
        "browse",
        Object(
            "Browse Object",
            (
                Field(0, "element_uuid", Uuid(UuidRole.ELEMENT, may_be_nil=True)),
                Field(1, "depth", Integer(unsigned=True), optional=True),
                Field(2, "element_category", ArrayOf(CATEGORY), optional=True),
            ),
        ),
        ArrayOf(
            Object(
                "Element",
                (
                    Field(0, "primary_key", Text()),
                    Field(1, "element_uuid", ELEMENT),
                    Field(2, "element_category", CATEGORY),
                ),
            ),
            name="Elements",
        ),
        (UNKNOWN_ELEMENT,),
        element_key=0,
    ),
    Command(
        META_DATA_COMMAND,
        "meta_data",
        Object(
            "Meta Data Object",
            (
                Field(0, "element_uuid", ELEMENT),
                Field(1, "identifiers", ArrayOf(Integer(values=META_DATA, enumeration="Meta Data"))),
            ),
        ),
        META_DATA_OBJECT,
        (UNKNOWN_ELEMENT,),
        element_key=0,
    ),
    Command(
        LOOKUP,
        "lookup",
        Object("Lookup Object", (Field(0, "primary_key", PRIMARY_KEY),)),
        ELEMENT,
        (UNKNOWN_ELEMENT,),
    ),
    Command(
        READ,
        "read",
        Object("Read Object", (Field(0, "element_uuid", ELEMENT), Field(1, "attribute_ids", ATTRIBUTE_IDS))),
        ATTRIBUTE_VALUES,
        (UNKNOWN_ELEMENT, MISSING_ATTRIBUTE, ACCESS_DENIED, READ_ONLY, TYPE_MISMATCH, READ_OR_WRITE_ERROR),
        error_names={READ_ONLY: "Write Only", READ_OR_WRITE_ERROR: "Read Error"},  # S
        element_key=0,
    ),
    Command(
        WRITE,
        "write",
        Object(
            "Write Object",
            (
                Field(0, "element_uuid", ELEMENT),
                Field(1, "attribute_id", AttributeId()),
                Field(2, "attribute_value", Anything()),
                Field(3, "sub_session_id", SUB_SESSION, optional=True),
            ),
        ),
        None,
        (
            UNKNOWN_ELEMENT,
            MISSING_ATTRIBUTE,
            ACCESS_DENIED,
            READ_ONLY,
            VALUE_OUT_OF_RANGE,
            TYPE_MISMATCH,
            ILLEGAL_VALUE,
            READ_OR_WRITE_ERROR,
        ),
        error_names={READ_ONLY: "Read Only", READ_OR_WRITE_ERROR: "Write Error"},  # D
        element_key=0,
    ),
    Command(
        SUBSCRIBE,
        "subscribe",
        Object(
            "Subscribe Object",
            (
                Field(
                    0,
                    "elements",
                    ArrayOf(
                        Object(
                            "Subscribed Element",
                            (Field(0, "element_uuid", ELEMENT), Field(1, "attribute_ids", ATTRIBUTE_IDS)),
                        )
                    ),
                ),
                Field(1, "maximum_update_rate", Integer(unsigned=True, unit="ms"), optional=True),
                Field(2, "minimum_update_rate", Integer(unsigned=True, unit="ms"), optional=True),
                Field(3, "desired_subscription_id", SUBSCRIPTION, optional=True),
            ),
        ),
        SUBSCRIPTION,
        (UNKNOWN_ELEMENT, MISSING_ATTRIBUTE, ACCESS_DENIED),  # I: the page was not seen whole
        errors_complete=False,
    ),
    Command(
        UNSUBSCRIBE,
        "unsubscribe",
        Object("Unsubscribe Object", (Field(0, "subscription_id", SUBSCRIPTION),)),
        None,
        (UNKNOWN_SUBSCRIPTION_ID,),
    ),
    Command(
        GET_STAGE,
        "get_stage",
        None,
        Integer(values=OPERATIONAL_STAGES, enumeration="Operational Stage"),
        excluded_errors=(INVALID_PARAMETER,),
    ),
    # No page at hand names opcode 9: 8, 10 and 11 are get_stage, suspend and shutdown, and the
    # manual says that a suspended Xentara waits for a resume command.
    Command(
        RESUME,
        "resume",
        Object("Resume Object", _STAGE_PARAMETERS),
        None,
        _STAGE_ERRORS,
        inferred=True,
    ),
    Command(SUSPEND, "suspend", Object("Suspend Object", _STAGE_PARAMETERS), None, _STAGE_ERRORS),
    Command(SHUTDOWN, "shutdown", Object("Shutdown Object", _STAGE_PARAMETERS), None, _STAGE_ERRORS),
    Command(
        CREATE_SUB_SESSION,
        "create_sub_session",
        Object(
            "Create Session Object",
            (
                Field(0, "authentication_information", AUTHENTICATION),
                Field(1, "desired_session_id", SUB_SESSION, optional=True),
            ),
        ),
        SUB_SESSION,
        (ACCESS_DENIED,),
    ),
    Command(
        CLOSE_SUB_SESSION,
        "close_sub_session",
        Object("Close Session Object", (Field(0, "session_id", SUB_SESSION),)),
        None,
        (UNKNOWN_SESSION_ID,),
    ),
    Command(
        CLIENT_HELLO,
        "client_hello",
        Object(
            "Client Hello Object",
            (
                Field(0, "minimum_protocol_version", Integer(unsigned=True)),
                Field(1, "maximum_protocol_version", Integer(unsigned=True)),
            ),
        ),
        Object("Server Parameter Object", (Field(0, "current_protocol_version", Integer(unsigned=True)),)),
        (DUPLICATE_CLIENT_HELLO,),
        excluded_errors=(MISSING_CLIENT_HELLO,),
    ),
    Command(
        CHECK_ACCESS,
        "check_access",
        Object("Check Access Object", (Field(0, "sub_session_id", SUB_SESSION),)),
        Object("Access Object", (Field(0, "read_access", Boolean()), Field(1, "write_access", Boolean()))),
        # The page prints -32001 (S), where every other page has -32000; both are to be expected.
        (DUPLICATE_CLIENT_HELLO,),
    ),
)

COMMANDS: Final[dict[int, Command]] = {row.opcode: row for row in _COMMAND_ROWS}
COMMAND_NAMES: Final[EnumTable] = {row.opcode: row.name for row in _COMMAND_ROWS}
OPCODES: Final[dict[str, int]] = {row.name: row.opcode for row in _COMMAND_ROWS}

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


def documented_errors(command: Command) -> frozenset[int]:
    """The error codes that a command's page lists: the common ones and its own."""
    return (frozenset(COMMON_ERRORS) | frozenset(command.errors)) - frozenset(command.excluded_errors)


def error_name(code: int, opcode: int | None = None) -> str | None:
    """The name of an error code, by the page of the command that it answers; None if unknown."""
    command = COMMANDS.get(opcode) if opcode is not None else None
    if command is not None and code in command.error_names:
        return command.error_names[code]
    return ERROR_NAMES.get(code)
