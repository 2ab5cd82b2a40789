"""`serve`: how it starts, what it cannot do, and how it ends."""

from __future__ import annotations

import builtins
import contextlib
import os
import signal
import socket
import subprocess
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.live import Process, ran, wait_until
from tests.queries.asking import fill
from tests.serving import COMMAND, Served
from tests.store_traffic import CONVERSATION, HELLO, info
from tests.web.pages import Page


@pytest.mark.slow
def test_it_serves_until_ctrl_c_and_leaves_no_trace(database: Path) -> None:
    fill(database, *CONVERSATION)
    with Served(database) as served:
        assert "Xentara traffic" in served.page("")
        assert len(served.rows("xentara/exchanges_readable.json")) == 11
        served.stop(signal.SIGINT)
        assert served.child.returncode == 0
        assert served.lines == [f"Serving at {served.url}\n", "Stop with Ctrl-C\n"]
    assert [path.name for path in database.parent.iterdir()] == [database.name]


@pytest.mark.slow
def test_what_is_written_and_files_that_come_and_go_meanwhile_are_seen(tmp_path: Path) -> None:
    first, second = fill(tmp_path / "a.db", *HELLO), tmp_path / "b.db"
    with Served(tmp_path / "*.db") as served:
        assert len(served.rows("a/sessions_readable.json")) == 1
        fill(first, *CONVERSATION, about=info("flow-2"))
        assert len(served.rows("a/sessions_readable.json")) == 2
        fill(second, *CONVERSATION)
        first.unlink()
        wait_until(lambda: not deleted(served), "the disk of the first is free")
        wait_until(lambda: served.shows("b") and not served.shows("a"), "the second file alone")
        assert len(served.rows("b/exchanges_readable.json")) == 11
        assert "Requests and responses" in served.page("b/exchanges_readable")
        assert "write Plant.Valve" in served.page("-/exchange/b/11p1")
        served.stop(signal.SIGTERM)
        assert served.child.returncode == 0


def deleted(process: Process) -> list[str]:
    """The files that a process has open, though they are deleted."""
    opened = []
    for link in Path(f"/proc/{process.child.pid}/fd").iterdir():
        with contextlib.suppress(OSError):  # closed meanwhile
            opened.append(os.readlink(link))
    return [path for path in opened if path.endswith("(deleted)")]


@pytest.mark.slow
def test_files_may_have_any_name_and_one_name_in_several_folders(tmp_path: Path) -> None:
    for name in ("here/plant", "there/plant", "there/<b>&amp;100%", "there/a b?c#d~2F:e"):
        path = tmp_path / f"{name}.db"
        path.parent.mkdir(exist_ok=True)
        fill(path, *HELLO)
    with Served(tmp_path / "here" / "*.db", tmp_path / "there" / "*.db") as served:
        assert len(served.rows("here~2Fplant/exchanges_readable.json")) == 1
        links = Page(served.page("")).all_of("href")
        lists = [link for link in links if link.endswith("/exchanges_readable")]
        assert len(lists) == 4
        for link in lists:
            page = Page(served.page(link[1:]))
            exchange = next(link for link in page.all_of("href") if "/-/exchange/" in link)
            assert "client_hello" in served.page(exchange[1:]), exchange


def served(*options: str) -> subprocess.CompletedProcess[str]:
    """`serve` in a process of its own: Datasette leaves a connection open when it is imported."""
    return subprocess.run([*COMMAND, *options], capture_output=True, text=True, check=False)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["-d", "missing.db"], 1, "missing.db"),
        (["-d", "lake:somewhere"], 1, "somewhere"),
        (["-d", "lake:somewhere", "-d", "plant.db"], 2, "A lake is asked alone."),
        (["--since", "2026-03-01"], 2, "for lakes"),
        (["--listen", "8001"], 2, "HOST:PORT"),
    ],
)
def test_what_cannot_be_served_is_one_line(options: list[str], code: int, says: str) -> None:
    run = served(*options)
    assert (run.returncode, run.stdout, says in run.stderr) == (code, "", True), run.stderr


@pytest.mark.slow
def test_it_opens_a_browser_and_says_that_others_can_read_it(database: Path, tmp_path: Path) -> None:
    fill(database, *HELLO)
    browser = tmp_path / "browser"
    browser.write_text('#!/bin/sh\necho "opened $1"\n')
    browser.chmod(0o700)
    options = ("-d", str(database), "--listen", "0.0.0.0:0", "--open")
    with Process([*COMMAND, *options], BROWSER=str(browser)) as served:
        served.wait_for_line("whoever can reach this address can read all of it: there is no password")
        address = served.wait_for_line(r"opened (http://\S+)")[1]
        request = urllib.request.Request(address, headers={"Host": "plant.example:80"})
        assert urllib.request.urlopen(request).status == 200


def test_a_port_in_use_is_one_line(database: Path) -> None:
    fill(database, *HELLO)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        run = served("-d", str(database), "--listen", address)
    assert (run.returncode, run.stderr) == (1, f"Error: cannot listen on {address}: address already in use\n")


def test_without_its_extra_it_says_what_to_install(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    known = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:
        if name.startswith("xentara_inspect.web.site"):
            raise ModuleNotFoundError(name="datasette")
        return known(name, *rest, **named)

    fill(database, *HELLO)
    monkeypatch.setattr(builtins, "__import__", without)
    run = ran("serve", "-d", database)
    assert (run.returncode, run.stdout) == (1, "")
    assert run.stderr == (
        "Error: this needs datasette, which is not installed: pip install 'xentara-inspect[web]'\n"
    )
