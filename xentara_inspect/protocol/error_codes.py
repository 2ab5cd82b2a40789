"""Error codes, and what they are called.

The letters are the sources that `xentara_inspect.protocol` names.
"""

from __future__ import annotations

from typing import Final

from xentara_inspect.protocol.shape_types import EnumTable

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
