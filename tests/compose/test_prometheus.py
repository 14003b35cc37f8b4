"""A real Prometheus: it takes the configuration, scrapes a real server, and every panel has figures.

Debian's package `prometheus` has both programs; without them these tests are skipped.
"""

from __future__ import annotations

import math
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml

from tests.support import promql
from tests.support.fake_server import FakeServer
from tests.support.stand_in import free_port

KEY = "observability-test-key"
WAIT_S = 60.0
ITEM = {
    "prompt": "What is surplus value?",
    "completion": "Surplus value is what workers produce beyond their wage. Capital appropriates it.",
    "reference": "Surplus value is the value that labour adds beyond the value of labour power.",
}

pytestmark = pytest.mark.skipif(promql.MISSING, reason=promql.WANTED)


def test_promtool_takes_the_configuration(tmp_path: Path) -> None:
    config = _config(tmp_path, "127.0.0.1:1", KEY)
    assert "SUCCESS" in promql.promtool("check", "config", config)
    assert "SUCCESS" in promql.promtool("check", "rules", "--lint-fatal", promql.RULES)


@dataclass(frozen=True, slots=True)
class Prometheus:
    """A running Prometheus."""

    url: str

    def get(self, path: str, **parameters: str) -> Any:
        answer = httpx.get(f"{self.url}/api/v1/{path}", params=parameters, timeout=10, trust_env=False)
        body = answer.json()
        assert body["status"] == "success", body
        return body["data"]

    def query(self, expression: str) -> list[dict[str, Any]]:
        """The result of an instant query."""
        return list(self.get("query", query=expression)["result"])

    def target(self) -> dict[str, Any]:
        """How the last scrape of the reward server went."""
        for each in self.get("targets")["activeTargets"]:
            if each["labels"]["job"] == "touchstone":
                return dict(each)
        return {"health": "unknown"}  # it takes some seconds to begin


def _config(folder: Path, target: str, key: str) -> Path:
    """The project's configuration with a scrape a second of another target, with a key file of the test's."""
    config = yaml.safe_load(promql.PROMETHEUS.read_text(encoding="utf-8"))
    config["global"] |= {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    config["rule_files"] = [str(promql.PROMETHEUS.parent / name) for name in config["rule_files"]]
    server = config["scrape_configs"][0]
    server["static_configs"] = [{"targets": [target]}]
    server["authorization"]["credentials_file"] = str(folder / "key")
    (folder / "key").write_text(key, encoding="utf-8")
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


@contextmanager
def scraping(folder: Path, target: str, key: str) -> Iterator[Prometheus]:
    """A Prometheus on loopback that scrapes a target."""
    port = free_port()
    command = [
        "prometheus",
        f"--config.file={_config(folder, target, key)}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    log = folder / "log.txt"
    with log.open("w") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
    running = Prometheus(f"http://127.0.0.1:{port}")
    try:
        until(lambda: _answers(running.url) or process.poll() is not None, "Prometheus answers")
        assert process.poll() is None, log.read_text()
        yield running
    finally:
        process.terminate()
        process.wait(30)


def _answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/-/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


def until(true: Callable[[], bool], what: str) -> None:
    """Wait for something."""
    end = time.monotonic() + WAIT_S
    while not true():
        assert time.monotonic() < end, f"not within {WAIT_S:g} s: {what}"
        time.sleep(0.2)


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    """The real server with fake models, which wants a key."""
    with FakeServer(api_key=KEY) as running:
        yield running


def _target(server: FakeServer) -> str:
    return server.url.removeprefix("http://")


def _use(server: FakeServer) -> None:
    """A request to every route whose figures the dashboard shows."""
    with httpx.Client(
        base_url=server.url, headers={"Authorization": f"Bearer {KEY}"}, timeout=30, trust_env=False
    ) as client:
        for number in range(3):
            item = {**ITEM, "completion": f"{ITEM['completion']} {number}"}
            assert client.post("/score", json={"items": [item]}).status_code == 200
            check = {"question": ITEM["prompt"], "answer": item["completion"] * (1 + 20 * number)}
            assert client.post("/check", json=check).status_code == 200
        assert client.post("/check", json={"question": ITEM["prompt"], "answer": ""}).status_code == 200


def _empty(prometheus: Prometheus) -> dict[str, str]:
    """Panels that show nothing, no number, or no label that their legend names: title → what was asked."""
    empty = {}
    for expression in promql.of_dashboard():
        asked = promql.filled(expression.promql, interval="20s")
        result = prometheus.query(asked)
        named = set(re.findall(r"\{\{(\w+)\}\}", expression.legend))
        values = [float(row["value"][1]) for row in result if named <= row["metric"].keys()]
        if all(math.isnan(value) for value in values):
            empty[expression.where] = asked
    return empty


def test_every_panel_shows_what_the_server_tells(server: FakeServer, tmp_path: Path) -> None:
    with scraping(tmp_path, _target(server), KEY) as prometheus:
        until(lambda: prometheus.target()["health"] == "up", "the first scrape")
        end = time.monotonic() + WAIT_S
        while empty := _empty(prometheus):
            assert time.monotonic() < end, empty
            _use(server)
            time.sleep(1)
        [ready] = prometheus.query("touchstone_ready")
        assert ready["value"][1] == "1"
        groups = prometheus.get("rules")["groups"]
        assert [
            rule["lastError"] for group in groups for rule in group["rules"] if rule.get("lastError")
        ] == []
        assert {rule["health"] for group in groups for rule in group["rules"]} == {"ok"}


@pytest.mark.parametrize("key", ["", "another-key"])
def test_without_the_key_the_target_is_down_and_says_why(
    server: FakeServer, key: str, tmp_path: Path
) -> None:
    with scraping(tmp_path, _target(server), key) as prometheus:
        until(lambda: prometheus.target()["health"] != "unknown", "the first scrape")
        assert prometheus.target()["health"] == "down"
        assert "401" in prometheus.target()["lastError"]
        until(
            lambda: bool(prometheus.query('ALERTS{alertname="TouchstoneUnreachable"}')),
            "the alert is pending",
        )


def test_an_empty_key_does_where_the_server_has_none(tmp_path: Path) -> None:
    with FakeServer() as open_server, scraping(tmp_path, _target(open_server), "") as prometheus:
        until(lambda: prometheus.target()["health"] == "up", "the first scrape")
