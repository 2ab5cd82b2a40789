"""Asking a recorder how it is, by HTTP as monitoring does, and its files as people do."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from tests.live import Process, ran, wait_until

HEALTH = ("--set", "xentara_health=0")
"""Options of a mitmdump that can be asked, at a free port."""

_POLL = 0.1  # seconds; asking costs what is asked about


class Asked:
    """The health endpoint of a mitmdump that runs with `HEALTH`, and its database."""

    def __init__(self, proxy: Process, database: Path) -> None:
        self.url = proxy.wait_for_line(r"/metrics answer at (http://\S+)")[1]
        self._database = database

    def get(self, path: str) -> tuple[int, str]:
        """The status and the body of an answer."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=20) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as refusal:
            with refusal:
                return refusal.code, refusal.read().decode()

    def reasons(self) -> list[str]:
        """Why it is unhealthy; nothing while it is healthy."""
        code, body = self.get("/healthz")
        said: dict[str, Any] = json.loads(body)
        assert (code, said["status"]) == ((503, "unhealthy") if said["reasons"] else (200, "healthy"))
        return list(said["reasons"])

    def metrics(self) -> dict[str, float]:
        """All samples, by their name and what process they are of."""
        code, body = self.get("/metrics")
        assert code == 200
        return {
            " ".join((sample.name, *sample.labels.values())): sample.value
            for family in text_string_to_metric_families(body)
            for sample in family.samples
        }

    def status(self) -> dict[str, Any]:
        """What `status` tells of the database."""
        run = ran("status", "-d", self._database, "--json")
        (row,) = json.loads(run.stdout)
        assert run.returncode == (0 if row["healthy"] else 1)
        return dict(row)

    def wait_until_told(self, reason: str) -> None:
        """Wait until /healthz tells of a trouble."""
        wait_until(lambda: any(reason in said for said in self.reasons()), f"{reason!r} in /healthz", _POLL)

    def wait_until_all_say(self, reason: str) -> None:
        """Wait until /healthz, /metrics and `status` tell of a trouble; reason: in `/healthz`."""
        self.wait_until_told(reason)
        wait_until(lambda: self.metrics()["xentara_healthy"] == 0, "unhealthy by /metrics", _POLL)
        wait_until(lambda: not self.status()["healthy"], "unhealthy by `status`", _POLL)

    def wait_until_all_are_well(self) -> None:
        """Wait until nothing is wrong any more."""
        wait_until(lambda: not self.reasons(), "healthy by /healthz", _POLL)
        wait_until(lambda: self.metrics()["xentara_healthy"] == 1, "healthy by /metrics", _POLL)
        wait_until(lambda: bool(self.status()["healthy"]), "healthy by `status`", _POLL)
