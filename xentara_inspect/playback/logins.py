"""Credentials that a recording does not hold: those of whoever plays it."""

from __future__ import annotations

import base64
import binascii
import hmac
from typing import Final, NamedTuple

from xentara_inspect.protocol import commands, identifiers, objects
from xentara_inspect.protocol.shape_types import Object
from xentara_inspect.traffic.fields import entries, text
from xentara_inspect.traffic.packets import Request

_PARAMETERS: Final = commands.COMMANDS[commands.CREATE_SUB_SESSION].parameters or Object("", ())
_CREDENTIALS: Final = objects.AUTHENTICATION.by_tag[identifiers.TAG_ALTERNATIVE_2].shape


class Login(NamedTuple):
    """A user and the password."""

    user: str
    password: str

    def is_right(self, user: str, password: str) -> bool:
        """Whether these are the credentials."""
        same = hmac.compare_digest(self.password.encode(), password.encode())
        return same and user == self.user

    def admits(self, authorization: str | None) -> bool:
        """Whether an HTTP Authorization header, Basic, has the credentials."""
        scheme, _, credentials = (authorization or "").partition(" ")
        if scheme.lower() != "basic":
            return False
        try:
            user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError):
            return False
        return self.is_right(user, password)


def wrong_login(request: Request, login: Login | None) -> bool:
    """Whether a request logs in the user of `login` with another password."""
    if login is None or request.opcode != commands.CREATE_SUB_SESSION:
        return False
    given = entries(request.body, _PARAMETERS).get("authentication_information")
    if given is None or given.value != identifiers.TAG_ALTERNATIVE_2 or not given.children:
        return False
    assert isinstance(_CREDENTIALS, Object)  # noqa: S101 - a row of the tables
    named = entries(given.children[0], _CREDENTIALS)
    user, password = text(named.get("username")), text(named.get("password"))
    return user == login.user and not login.is_right(user, password or "")
