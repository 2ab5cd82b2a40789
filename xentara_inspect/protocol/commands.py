"""The commands: a row each.

The letters are the sources that `xentara_inspect.protocol` names.
"""

from __future__ import annotations

from typing import Final

from xentara_inspect.protocol.error_codes import (
    ACCESS_DENIED,
    COMMON_ERRORS,
    DUPLICATE_CLIENT_HELLO,
    ERROR_NAMES,
    ILLEGAL_VALUE,
    INVALID_PARAMETER,
    INVALID_STAGE_CHANGE,
    MISSING_ATTRIBUTE,
    MISSING_CLIENT_HELLO,
    READ_ONLY,
    READ_OR_WRITE_ERROR,
    TYPE_MISMATCH,
    UNKNOWN_ELEMENT,
    UNKNOWN_SESSION_ID,
    UNKNOWN_SUBSCRIPTION_ID,
    VALUE_OUT_OF_RANGE,
)
from xentara_inspect.protocol.identifiers import META_DATA, OPERATIONAL_STAGES, SERVER_INFORMATION
from xentara_inspect.protocol.objects import (
    ATTRIBUTE_IDS,
    ATTRIBUTE_VALUES,
    AUTHENTICATION,
    CATEGORY,
    ELEMENT,
    META_DATA_OBJECT,
    PRIMARY_KEY,
    SERVER_INFORMATION_OBJECT,
    SUB_SESSION,
    SUBSCRIPTION,
)
from xentara_inspect.protocol.shape_types import (
    Anything,
    ArrayOf,
    AttributeId,
    Boolean,
    Command,
    EnumTable,
    Field,
    Integer,
    Object,
    Text,
    Uuid,
    UuidRole,
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

STAGE_CHANGES: Final = frozenset({RESUME, SUSPEND, SHUTDOWN})
"""Commands that change what the whole plant does."""
READ_ONLY_COMMANDS: Final = frozenset(COMMANDS) - STAGE_CHANGES - {WRITE}
"""Commands that leave the plant as it is."""


def documented_errors(command: Command) -> frozenset[int]:
    """The error codes that a command's page lists: the common ones and its own."""
    return (frozenset(COMMON_ERRORS) | frozenset(command.errors)) - frozenset(command.excluded_errors)


def error_name(code: int, opcode: int | None = None) -> str | None:
    """The name of an error code, by the page of the command that it answers; None if unknown."""
    command = COMMANDS.get(opcode) if opcode is not None else None
    if command is not None and code in command.error_names:
        return command.error_names[code]
    return ERROR_NAMES.get(code)
