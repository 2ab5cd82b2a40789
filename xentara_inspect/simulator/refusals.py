"""How the simulator says no."""

from __future__ import annotations

from xentara_inspect.protocol import error_codes


class Refused(Exception):  # noqa: N818 - it is an answer, not a failure of the simulator
    """A request, or an attribute of it, that is answered with an error.

    code: of the protocol's table. text: what goes with it; the vendor's wording unless given.
    """

    def __init__(self, code: int, text: str = "") -> None:
        self.code = code
        self.text = text or error_codes.VENDOR_ERROR_TEXTS[code]
        super().__init__(f"{code} {self.text}")
