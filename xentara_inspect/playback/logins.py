"""Credentials, which a recording does not hold: those of whoever plays it."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from xentara_inspect.cbor import Item
from xentara_inspect.playback import writing
from xentara_inspect.protocol import commands, objects
from xentara_inspect.protocol.shape_types import Object
from xentara_inspect.traffic.blanks import BLANK
from xentara_inspect.traffic.fields import entries, text
from xentara_inspect.traffic.packets import Request

_PARAMETERS: Final = commands.COMMANDS[commands.CREATE_SUB_SESSION].parameters or Object("", ())
_SECRETS: Final = ("password", "token")
_BLANK: Final = chr(BLANK)


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
    if login is None:
        return False
    given = _login_in(request)
    user, password = text(given.get("username")), text(given.get("password"))
    return user == login.user and not login.is_right(user, password or "")


class Credentials(NamedTuple):
    """What a client logs in with, on the upgrade and where its secrets were blanked. None for nothing."""

    login: Login | None = None
    token: str | None = None

    @property
    def header(self) -> dict[str, str]:
        """The HTTP headers of the upgrade."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        if self.login is not None:
            both = f"{self.login.user}:{self.login.password}".encode()
            return {"Authorization": "Basic " + base64.b64encode(both).decode()}
        return {}

    @property
    def secrets(self) -> tuple[bytes, ...]:
        """What must not be recorded."""
        given = (self.login.password if self.login is not None else None, self.token)
        return tuple(secret.encode() for secret in given if secret)

    def know(self, request: Request) -> bool:
        """Whether the secret of a request that logs in is known."""
        return self._secret_of(_login_in(request)) is not None

    def body(self, request: Request, payload: bytes) -> bytes | None:
        """The parameters with a secret in place of its blank; None without one, or a blank."""
        given = _login_in(request)
        item, secret = given.get("password") or given.get("token"), self._secret_of(given)
        if item is None or secret is None or not is_blanked(request):
            return None
        return spliced(request, payload, [(item, writing.item(secret))])

    def _secret_of(self, given: Mapping[str, Item]) -> str | None:
        if "password" not in given:
            return self.token
        is_own = self.login is not None and text(given.get("username")) == self.login.user
        return self.login.password if self.login is not None and is_own else None


def is_blanked(request: Request) -> bool:
    """Whether a secret in a request was blanked."""
    given = _login_in(request)
    secrets = [text(given[name]) for name in _SECRETS if name in given]
    return any(secret is not None and secret and not secret.strip(_BLANK) for secret in secrets)


def spliced(request: Request, payload: bytes, changes: Iterable[tuple[Item, bytes]]) -> bytes | None:
    """The parameters of a request with other items; None for none. changes: in any order."""
    body = request.body
    if body is None:
        return None
    found, end = b"", body.start
    for item, instead in sorted(changes, key=lambda change: change[0].start):
        found += payload[end : item.start] + instead
        end = item.end
    return found + payload[end : body.end]


def _login_in(request: Request) -> dict[str, Item]:
    """What a request logs in with, by name."""
    if request.opcode != commands.CREATE_SUB_SESSION:
        return {}
    given = entries(request.body, _PARAMETERS).get("authentication_information")
    option = objects.AUTHENTICATION.by_tag.get(given.value) if given is not None and given.children else None
    if given is None or option is None or not isinstance(option.shape, Object):
        return {}
    return entries(given.children[0], option.shape)
