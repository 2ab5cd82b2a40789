"""Who may do what. Every user, password, token and certificate here is made up."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import cbor2

from xentara_inspect.protocol import identifiers


@dataclass(frozen=True, slots=True)
class Rights:
    """What a connection or sub-session may do.

    restricted: also read and write what ordinary users may not. control: change the stage.
    connect: open a WebSocket at all (the entitlement `websocket.connect`).
    """

    read: bool = True
    write: bool = True
    restricted: bool = False
    control: bool = True
    connect: bool = True


@dataclass(frozen=True, slots=True)
class Account:
    """A user: the name, all of its made-up credentials, its rights."""

    user: str
    password: str
    rights: Rights
    token: str | None = None
    certificate: bytes | None = None


# DER: a sequence of one UTF-8 text, which is as much of a certificate as this needs.
_CERTIFICATE_TEXT: Final = b"not-a-real-certificate-of-service"
SERVICE_CERTIFICATE: Final = bytes((0x30, len(_CERTIFICATE_TEXT) + 2, 0x0C, len(_CERTIFICATE_TEXT))) + (
    _CERTIFICATE_TEXT
)

OPERATOR: Final = Account("operator", "not-a-real-password-7", Rights(), "not-a-real-token-of-operator")
VIEWER: Final = Account(
    "viewer", "not-a-real-password-8", Rights(write=False, control=False), "not-a-real-token-of-viewer"
)
SERVICE: Final = Account(
    "service",
    "not-a-real-password-9",
    Rights(restricted=True),
    "not-a-real-token-of-service",
    SERVICE_CERTIFICATE,
)
OUTSIDER: Final = Account("outsider", "not-a-real-password-0", Rights(connect=False))
# The credentials that the page of create_sub_session prints, with the access that check_access prints.
PAGE_EXAMPLE: Final = Account(
    "add username here",
    "add password here",
    Rights(write=False, control=False),
    "add OAuth 2.0 token here",
)

ANONYMOUS: Final = Account("", "", Rights())
"""Who connects without credentials, where that is allowed."""


@dataclass(frozen=True, slots=True)
class Accounts:
    """The table of users, and the ways to log in."""

    accounts: tuple[Account, ...] = field(default=(OPERATOR, VIEWER, SERVICE, OUTSIDER, PAGE_EXAMPLE))

    def by_password(self, user: str, password: str) -> Account | None:
        """The account with that name, if the password is right."""
        for account in self.accounts:
            if account.user == user and hmac.compare_digest(account.password.encode(), password.encode()):
                return account
        return None

    def by_token(self, token: str) -> Account | None:
        """The account to which an OAuth 2.0 token belongs."""
        return next((account for account in self.accounts if account.token == token), None)

    def by_certificate(self, certificate: bytes) -> Account | None:
        """The account of a client certificate (DER)."""
        return next((account for account in self.accounts if account.certificate == certificate), None)

    def by_header(self, authorization: str) -> Account | None:
        """The account of an HTTP Authorization header, Basic or Bearer."""
        scheme, _, credentials = authorization.partition(" ")
        if scheme.lower() == "bearer":
            return self.by_token(credentials.strip())
        if scheme.lower() != "basic":
            return None
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return None
        return self.by_password(user, password)

    def by_authentication(self, information: Any) -> Account | None:
        """The account of create_sub_session's alternatives. Raises ValueError for their shape."""
        if not isinstance(information, cbor2.CBORTag) or not isinstance(information.value, Mapping):
            raise ValueError("authentication information is an alternative on an object")
        first, second = information.value.get(0), information.value.get(1)
        match information.tag, first, second:
            case identifiers.TAG_ALTERNATIVE_0, str(token), None:
                return self.by_token(token)
            case identifiers.TAG_ALTERNATIVE_1, bytes(certificate), None:
                return self.by_certificate(certificate)
            case identifiers.TAG_ALTERNATIVE_2, str(user), str(password):
                return self.by_password(user, password)
        raise ValueError("authentication information of an unknown shape")
