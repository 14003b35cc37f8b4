"""Prometheus and Grafana beside the reward server: their files fit the server, each other and compose."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from reward_service.api.metrics import Metrics
from reward_service.apidoc import tables
from tests.support import promql
from tests.support.promql import Expression, panels

ROOT = Path(__file__).parents[2]
FILES = ("docker-compose.yml", "docker-compose.observability.yml")
EXPRESSIONS = [*promql.of_dashboard(), *promql.of_rules()]
ADDED = ("prometheus", "grafana")
PINNED = re.compile(r"[\w/.-]+:v?\d+\.\d+\.\d+")


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The override as it stands."""
    loaded: dict[str, Any] = yaml.safe_load((ROOT / FILES[1]).read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def declared() -> dict[str, frozenset[str]]:
    """Every sample that `GET /metrics` can hold → the labels that it is declared with."""
    return {name: frozenset(labels) for name, labels in tables.declared(Metrics().registry).items()}


@pytest.mark.parametrize("expression", EXPRESSIONS, ids=lambda each: each.where)
def test_every_metric_exists_with_its_labels(
    expression: Expression, declared: dict[str, frozenset[str]]
) -> None:
    named = promql.metrics(expression.promql)
    assert named <= declared.keys()
    known = frozenset().union(*(declared[name] for name in named)) | promql.OF_PROMETHEUS
    if named:
        assert promql.labels(expression.promql) <= known
        assert set(re.findall(r"\{\{(\w+)\}\}", expression.legend)) <= known


def test_every_metric_of_the_server_is_shown_or_watched(declared: dict[str, frozenset[str]]) -> None:
    asked = set().union(*(promql.metrics(expression.promql) for expression in EXPRESSIONS))
    families = {re.sub(r"_(total|bucket|sum|count|created)$", "", name) for name in declared}
    assert {family for family in families if not any(name.startswith(family) for name in asked)} <= {
        "touchstone_nli_tokens"  # the tokens of every worker are shown
    }


def test_the_parsing_of_this_test_finds_names_and_labels() -> None:
    text = 'sum by (le, route) (rate(touchstone_a_bucket{lane=~"$lane",x!="y"}[5m])) / on(z) touchstone_b'
    assert promql.metrics(text) == {"touchstone_a_bucket", "touchstone_b"}
    assert promql.labels(text) == {"le", "route", "lane", "x", "z"}


# --- the dashboard ---


def test_the_dashboard_is_whole() -> None:
    dashboard = json.loads(promql.DASHBOARD.read_text(encoding="utf-8"))
    every = dashboard["panels"]
    assert len({panel["id"] for panel in every}) == len(every)
    assert len(panels()) >= 15
    for panel in panels():
        assert panel["title"], panel
        assert panel["description"].endswith("."), panel["title"]
        assert panel["type"] in {"stat", "timeseries", "heatmap", "state-timeline"}
        references = [target["refId"] for target in panel["targets"]]
        assert references == ["A", "B", "C"][: len(references)]
    names = {variable["name"] for variable in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$(?!__)(\w+)", json.dumps(every)))
    assert used == names
    assert {panel["repeat"] for panel in panels() if "repeat" in panel} <= names
    assert dashboard["uid"] == "touchstone"


def test_no_two_panels_lie_on_each_other() -> None:
    every = json.loads(promql.DASHBOARD.read_text(encoding="utf-8"))["panels"]
    for panel in every:
        assert panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24, panel["title"]
    for one, other in combinations(every, 2):
        a, b = one["gridPos"], other["gridPos"]
        apart = (
            a["x"] + a["w"] <= b["x"]
            or b["x"] + b["w"] <= a["x"]
            or a["y"] + a["h"] <= b["y"]
            or b["y"] + b["h"] <= a["y"]
        )
        assert apart, (one["title"], other["title"])


def test_the_dashboard_asks_the_data_source_that_is_provisioned(compose: dict[str, Any]) -> None:
    folder = promql.FOLDER / "grafana" / "provisioning"
    [source] = yaml.safe_load((folder / "datasources" / "prometheus.yml").read_text())["datasources"]
    text = promql.DASHBOARD.read_text(encoding="utf-8")
    sources = re.findall(r'"datasource": (\{[^{}]*\})', text)
    assert len(sources) > 30
    assert {json.loads(each)["uid"] for each in sources} == {source["uid"]}
    assert source["url"] == "http://prometheus:9090"
    [provider] = yaml.safe_load((folder / "dashboards" / "touchstone.yml").read_text())["providers"]
    mounted = {volume.split(":")[1] for volume in compose["services"]["grafana"]["volumes"]}
    assert provider["options"]["path"] in mounted
    home = compose["services"]["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    assert home == f"{provider['options']['path']}/{promql.DASHBOARD.name}"


# --- compose ---


@pytest.mark.parametrize("service", ADDED)
def test_what_is_added_is_locked_down_like_the_server(service: str, compose: dict[str, Any]) -> None:
    added = compose["services"][service]
    server = yaml.safe_load((ROOT / FILES[0]).read_text(encoding="utf-8"))["services"]["reward"]
    for key in ("read_only", "cap_drop", "security_opt", "restart"):
        assert added[key] == server[key]
    assert PINNED.fullmatch(added["image"])
    assert all(port.startswith("127.0.0.1:") for port in added["ports"])
    assert added["healthcheck"]["test"][0] == "CMD"
    for volume in added["volumes"]:
        source, _, rest = volume.partition(":")
        assert (ROOT / source).exists() if source.startswith(".") else source in compose["volumes"]
        assert rest.endswith(":ro") == source.startswith(".")


def test_nobody_looks_at_grafana_without_a_password(compose: dict[str, Any]) -> None:
    environment = compose["services"]["grafana"]["environment"]
    assert environment["GF_SECURITY_ADMIN_PASSWORD"].startswith("${GRAFANA_PASSWORD:?")
    assert environment["GF_AUTH_ANONYMOUS_ENABLED"] == "${GRAFANA_ANONYMOUS:-false}"
    assert environment["GF_USERS_ALLOW_SIGN_UP"] == "false"


def test_the_key_is_where_prometheus_looks(compose: dict[str, Any]) -> None:
    scrapes = yaml.safe_load(promql.PROMETHEUS.read_text(encoding="utf-8"))["scrape_configs"]
    [server] = [scrape for scrape in scrapes if scrape["job_name"] == "touchstone"]
    [secret] = compose["services"]["prometheus"]["secrets"]
    assert server["authorization"]["credentials_file"] == f"/run/secrets/{secret}"
    assert server["static_configs"] == [{"targets": ["reward:8080"]}]
    assert server["metrics_path"] == "/metrics"
    default = compose["secrets"][secret]["file"].removeprefix("${PROMETHEUS_KEY_FILE:-").removesuffix("}")
    assert (ROOT / default).read_bytes() == b""


def _config(**variables: str) -> subprocess.CompletedProcess[str]:
    """`docker compose config` of both files; needs the client and its plugin, and no engine."""
    if (
        shutil.which("docker") is None
        or subprocess.run(["docker", "compose", "version"], check=False).returncode
    ):
        pytest.skip("no `docker compose` here")
    given = {name: value for name, value in os.environ.items() if not name.startswith("GRAFANA_")}
    command = ["docker", "compose", *(word for file in FILES for word in ("-f", file)), "config"]
    return subprocess.run(
        [*command, "--format", "json"],
        cwd=ROOT,
        env=given | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.compose
def test_compose_takes_both_files() -> None:
    merged = _config(GRAFANA_PASSWORD="a-password", PROMETHEUS_KEY_FILE="./LICENSE")
    assert merged.returncode == 0, merged.stderr
    project = json.loads(merged.stdout)
    assert set(project["services"]) == {"reward", "trainer", *ADDED}
    for service in ADDED:
        assert {port["host_ip"] for port in project["services"][service]["ports"]} == {"127.0.0.1"}
    assert project["secrets"]["reward-key"]["file"] == str(ROOT / "LICENSE")


@pytest.mark.compose
def test_compose_wants_a_password_for_grafana() -> None:
    refused = _config()
    assert refused.returncode != 0
    assert "GRAFANA_PASSWORD" in refused.stderr
