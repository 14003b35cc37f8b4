"""What the files below `observability/` ask Prometheus for: expressions, with their metrics and labels."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parents[2] / "observability"
PROMETHEUS = FOLDER / "prometheus" / "prometheus.yml"
RULES = FOLDER / "prometheus" / "alerts.yml"
DASHBOARD = FOLDER / "grafana" / "dashboards" / "touchstone.json"
OF_PROMETHEUS = frozenset({"le", "instance", "job"})
"""Labels that no metric of the server's declares."""
MISSING = shutil.which("prometheus") is None or shutil.which("promtool") is None
WANTED = "no `prometheus` and `promtool` here (Debian: apt-get install --no-install-recommends prometheus)"


@dataclass(frozen=True, slots=True)
class Expression:
    """One PromQL expression."""

    where: str
    """The panel's title, the alert's name or the recording rule's."""
    promql: str
    legend: str = ""


def panels() -> list[dict[str, Any]]:
    """The dashboard's panels, rows left out."""
    every: list[dict[str, Any]] = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    return [panel for panel in every if panel["type"] != "row"]


def of_dashboard() -> list[Expression]:
    """What the panels show."""
    return [
        Expression(panel["title"], target["expr"], target["legendFormat"])
        for panel in panels()
        for target in panel["targets"]
    ]


def of_rules() -> list[Expression]:
    """What the alerts and recording rules look at."""
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    return [Expression(rule.get("alert") or rule["record"], rule["expr"]) for rule in rules]


def metrics(promql: str) -> set[str]:
    """The names of the server's metrics in an expression."""
    return set(re.findall(r"\btouchstone_\w+", promql))


def labels(promql: str) -> set[str]:
    """The labels by which an expression selects or groups."""
    matched = re.findall(r'(\w+)\s*(?:=~|!~|!=|=)\s*"', promql)
    grouped = re.findall(r"\b(?:by|on|without|ignoring)\s*\(([^)]*)\)", promql)
    return {*matched, *(name.strip() for names in grouped for name in names.split(","))} - {""}


def filled(promql: str, *, interval: str, reward: str = ".*") -> str:
    """An expression with Grafana's variables filled in."""
    return (
        promql.replace("$__rate_interval", interval)
        .replace('="$reward"', f'=~"{reward}"')
        .replace("$policy", ".*")
        .replace("$lane", ".*")
    )


def promtool(*arguments: str | Path) -> str:
    """Run promtool; what it prints, where it is content."""
    done = subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
