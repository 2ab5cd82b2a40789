"""A real browser that looks at a page: Debian's chromium, told what to do by Chrome's protocol."""

from __future__ import annotations

import base64
import contextlib
import itertools
import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
from websockets.sync.client import ClientConnection, connect

from tests.live import PATIENCE, wait_until

_CALLED: Final = ("chromium", "chromium-browser", "google-chrome")
CHROMIUM: Final = next(filter(None, map(shutil.which, _CALLED)), None)

_MIDDLE: Final = "({x, y, width, height}) => ({x: x + width / 2, y: y + height / 2})"
_KEYS: Final = {"Tab": (9, ""), "Enter": (13, "\r")}
"""Codes, and what they write."""

needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="there is no chromium to open the page in")


class Browser:
    """A window with one page.

    target: what Chrome calls the page. asked_for: addresses that it wanted to load; refused: its complaints.
    """

    def __init__(self, connection: ClientConnection, address: str, folder: Path) -> None:
        """address: of the connection. folder: where pages may be written."""
        self.asked_for: list[str] = []
        self.refused: list[str] = []
        self.address = address
        self._connection = connection
        self.folder = folder
        self._numbers = itertools.count(1)
        self._session: str | None = None
        self.target = self._call("Target.createTarget", url="about:blank")["targetId"]
        self._session = self._call("Target.attachToTarget", targetId=self.target, flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Network", "Log"):
            self._call(f"{domain}.enable")

    def open(self, source: str, *, width: int = 1400, scheme: str = "light") -> None:
        """Show a page, and wait until its scripts have run. scheme: light or dark."""
        page = self.folder / "page.html"
        page.write_text(source, encoding="utf-8", newline="")
        self.size(width)
        self._call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.visit(page.as_uri())

    def size(self, width: int) -> None:
        """Be as wide as so many pixels."""
        self._call(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )

    def visit(self, address: str) -> None:
        """Go to an address, and wait until the scripts of what is there have run."""
        self._call("Page.navigate", url=address)
        arrived = f"location.protocol == '{address.partition(':')[0]}:' && document.readyState == 'complete'"
        wait_until(lambda: self.tells(arrived) is True, "the page is there")

    def picture(self) -> bytes:
        """What can be seen, as PNG."""
        return base64.b64decode(self._call("Page.captureScreenshot", format="png")["data"])

    def tells(self, script: str) -> Any:
        """What an expression is in the page, or comes to be, whatever its policy says."""
        evaluated = self._call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        return evaluated["result"].get("value")

    def click(self, script: str) -> None:
        """Press the mouse on the element that an expression is."""
        middle = self.tells(f"({_MIDDLE})({script}.getBoundingClientRect())")
        for kind in ("mousePressed", "mouseReleased"):
            self._call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **middle)

    def choose(self, script: str, path: Path) -> None:
        """Choose a file in the field that an expression is."""
        field = self._call("Runtime.evaluate", expression=script)["result"]["objectId"]
        self._call("DOM.setFileInputFiles", objectId=field, files=[str(path)])

    def press(self, key: str) -> None:
        """Press a key and let it go: Tab or Enter."""
        code, text = _KEYS[key]
        for kind in ("keyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code,
                text=text if kind == "keyDown" else "",
            )  # fmt: skip

    def close(self) -> None:
        """End the browser."""
        self._session = None
        self._call("Browser.close")

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": parameters}
        if self._session is not None:
            message["sessionId"] = self._session
        self._connection.send(json.dumps(message))
        while True:
            answer = json.loads(self._connection.recv(PATIENCE))
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return dict(answer["result"])
            self._hear(answer)

    def _hear(self, event: dict[str, Any]) -> None:
        if event["method"] == "Network.requestWillBeSent":
            self.asked_for.append(event["params"]["request"]["url"])
        elif event["method"] == "Runtime.exceptionThrown":
            self.refused.append(str(event["params"]["exceptionDetails"]))
        elif event["method"] == "Log.entryAdded":
            self.refused.append(event["params"]["entry"]["text"])


@contextlib.contextmanager
def browser(folder: Path, *options: str) -> Iterator[Browser]:
    """A browser that forgets all at its end. folder: where it may write."""
    assert CHROMIUM is not None
    usual = ("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--remote-debugging-port=0")
    child = subprocess.Popen(
        [CHROMIUM, *usual, *options, f"--user-data-dir={folder / 'profile'}", "about:blank"],
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    with child:
        try:
            assert child.stderr is not None
            addresses = (re.search(r"ws://\S+", line) for line in child.stderr)
            with window_of(next(filter(None, addresses))[0], folder) as found:
                yield found
                found.close()
                child.wait(PATIENCE)
        finally:
            child.kill()


@contextlib.contextmanager
def window_of(address: str, folder: Path) -> Iterator[Browser]:
    """A new window of a browser. address: where that speaks Chrome's protocol."""
    with connect(address, max_size=None, compression=None, proxy=None) as connection:
        yield Browser(connection, address, folder)
