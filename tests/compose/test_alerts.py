"""The alerts: each is tried on series that should raise it and on series that should not."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.support import promql

pytestmark = pytest.mark.skipif(promql.MISSING, reason=promql.WANTED)


@dataclass(frozen=True, slots=True)
class Case:
    """What an alert makes of some series, a value a minute in promtool's notation."""

    alert: str
    series: dict[str, str]
    at: str
    fires: dict[str, str] | None
    """The labels of the one alert that fires, severity left out; None where none does."""


CHECKS = 'touchstone_checks_total{policy="default",verdict="%s"}'
SERVER = 'instance="reward:8080"'
CASES = [
    Case("Unreachable", {'up{job="touchstone",instance="r"}': "1x5 0x10"}, "5m", None),
    Case(
        "Unreachable",
        {'up{job="touchstone",instance="r"}': "1x5 0x10"},
        "10m",
        {"job": "touchstone", "instance": "r"},
    ),
    Case("NotReady", {"touchstone_ready": "0x2 1x20"}, "15m", None),
    Case("NotReady", {"touchstone_ready": "1x2 0x20"}, "15m", {}),
    Case("WorkerDown", {'touchstone_worker_up{worker="nli"}': "1x2 0x20"}, "15m", {"worker": "nli"}),
    Case("WorkerDown", {'touchstone_worker_up{worker="nli"}': "1x20"}, "15m", None),
    Case(
        "ServerErrors",
        {f'touchstone_requests_total{{status="500",route="/score",{SERVER}}}': "3x60"},
        "40m",
        None,
    ),
    Case(
        "ServerErrors",
        {f'touchstone_requests_total{{status="500",route="/score",{SERVER}}}': "_x30 1x60"},
        "35m",
        {"route": "/score", "instance": "reward:8080"},
    ),
    Case("ServerErrors", {'touchstone_requests_total{status="503",route="/score"}': "0+9x60"}, "40m", None),
    Case("QueueWaitHigh", {'touchstone_queue_wait_seconds{worker="nli"}': "90x8 0 90x20"}, "12m", None),
    Case("QueueWaitHigh", {'touchstone_queue_wait_seconds{worker="nli"}': "90x30"}, "12m", {"worker": "nli"}),
    # 10 checks a minute, of which for two hours one fails, then five.
    Case("ChecksFailMore", {CHECKS % "pass": "0+9x200", CHECKS % "fail": "0+1x200"}, "180m", None),
    Case(
        "ChecksFailMore",
        {CHECKS % "pass": "0+9x120 1085+5x60", CHECKS % "fail": "0+1x120 125+5x60"},
        "150m",
        {"policy": "default"},
    ),
    # A policy under which nothing has ever failed.
    Case(
        "ChecksFailMore",
        {CHECKS % "pass": "0+9x120 1085+5x60", CHECKS % "fail": "_x120 5+5x60"},
        "150m",
        {"policy": "default"},
    ),
    # The same shares, but two checks in the quarter of an hour.
    Case("ChecksFailMore", {CHECKS % "pass": "0+0.1x200", CHECKS % "fail": "0x120 0+0.1x80"}, "150m", None),
    Case(
        "ChecksSlow",
        {
            'touchstone_check_seconds_bucket{le="2.5"}': "0+1x60",
            'touchstone_check_seconds_bucket{le="5"}': "0+9x60",
            'touchstone_check_seconds_bucket{le="+Inf"}': "0+9x60",
        },
        "40m",
        {},
    ),
    Case(
        "ChecksSlow",
        {
            'touchstone_check_seconds_bucket{le="2.5"}': "0+9x60",
            'touchstone_check_seconds_bucket{le="+Inf"}': "0+9x60",
        },
        "40m",
        None,
    ),
    Case("RecordsFailing", {f"touchstone_check_records_failed_total{{{SERVER}}}": "4x60"}, "40m", None),
    Case(
        "RecordsFailing",
        {f"touchstone_check_records_failed_total{{{SERVER}}}": "0x30 1x30"},
        "40m",
        {"instance": "reward:8080"},
    ),
]


@pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.alert}-{'fires' if case.fires is not None else 'silent'}"
)
def test_an_alert_fires_when_it_should(case: Case, tmp_path: Path) -> None:
    rules = yaml.safe_load(promql.RULES.read_text(encoding="utf-8"))
    [alert] = [
        rule
        for group in rules["groups"]
        for rule in group["rules"]
        if rule.get("alert") == f"Touchstone{case.alert}"
    ]
    # Only whether it fires is asked here; the texts are templates that promtool would fill in.
    alert.pop("annotations")
    (tmp_path / "rules.yml").write_text(yaml.safe_dump(rules), encoding="utf-8")
    firing = [] if case.fires is None else [{"exp_labels": {**case.fires, **alert["labels"]}}]
    test = {
        "rule_files": ["rules.yml"],
        "evaluation_interval": "1m",
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": values} for name, values in case.series.items()],
                "alert_rule_test": [
                    {"eval_time": case.at, "alertname": alert["alert"], "exp_alerts": firing}
                ],
            }
        ],
    }
    (tmp_path / "test.yml").write_text(yaml.safe_dump(test), encoding="utf-8")
    promql.promtool("test", "rules", tmp_path / "test.yml")


def test_every_alert_is_tried_both_ways() -> None:
    rules = yaml.safe_load(promql.RULES.read_text(encoding="utf-8"))["groups"]
    alerts = {rule["alert"] for group in rules for rule in group["rules"] if "alert" in rule}
    for fires in (True, False):
        assert {f"Touchstone{case.alert}" for case in CASES if (case.fires is not None) == fires} == alerts
