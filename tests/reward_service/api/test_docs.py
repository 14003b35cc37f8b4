"""The documentation is tested: every route, error, setting, reward, limit and metric stands in it."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reward_service import errors
from reward_service.api.metrics import Metrics
from reward_service.app import openapi_document
from reward_service.catalogue import RECIPES
from reward_service.commands.openapi import pages
from reward_service.errors import ConfigurationError, ModelUnavailable, TouchstoneError
from reward_service.rewards import reward_classes
from reward_service.settings import variables
from shared.schema import Limits, ScoreItem, ScoreRequest


@pytest.fixture(scope="module")
def api_page(root: Path) -> str:
    return (root / "docs" / "api.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(("path", "text"), pages().items(), ids=[path.name for path in pages()])
def test_generated_pages_are_those_of_the_code(path: Path, text: str) -> None:
    assert path.read_text(encoding="utf-8") == text, "run `make openapi`"


def test_every_route_is_documented(api_page: str) -> None:
    routes = {
        f"`{method.upper()} {path}`" for path, each in openapi_document()["paths"].items() for method in each
    }
    assert len(routes) >= 6
    assert {route for route in routes if route not in api_page} == set()


def test_every_error_is_documented_with_its_status(api_page: str) -> None:
    at_start = (ConfigurationError, ModelUnavailable)
    classes = [
        each
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, TouchstoneError) and each not in at_start
    ]
    assert len(classes) >= 12
    for each in classes:
        assert f"| {each.status} | `{each.code}` |" in api_page, each


def test_every_error_of_the_page_exists(api_page: str) -> None:
    codes = {each.code for each in vars(errors).values() if isinstance(each, type) and hasattr(each, "code")}
    assert set(re.findall(r"^\| \d{3} \| `(\w+)` \|", api_page, re.MULTILINE)) <= codes


def test_every_setting_is_in_the_table_with_its_default(root: Path) -> None:
    page = (root / "docs" / "settings.md").read_text(encoding="utf-8")
    assert {variable for variable in variables().values() if f"| `{variable}`" not in page} == set()
    assert "| `REWARD_MAX_ITEMS` | `512` |" in page
    assert "`PORT`" in page


def test_every_reward_is_listed_and_every_listed_one_exists(api_page: str) -> None:
    names = {each.name for each in reward_classes()} | {path.stem for path in RECIPES.glob("*.yaml")}
    section = api_page.split("## Rewards")[1].split("## ")[0]
    assert set(re.findall(r"^\| `(\w+)` \|", section, re.MULTILINE)) == names


def test_every_field_limit_and_metric_is_documented(api_page: str) -> None:
    fields = {f"`{name}`" for name in ScoreRequest.model_fields}
    fields |= {f"`items[].{name}`" for name in ScoreItem.model_fields}
    limits = {f"`{name}`" for name in Limits.model_fields}
    families = list(Metrics().registry.collect())
    metrics = {family.name + ("_total" if family.type == "counter" else "") for family in families}
    assert len(metrics) >= 10
    assert {word for word in fields | limits | metrics if word not in api_page} == set()


def test_the_example_of_the_page_is_a_request_that_the_schema_takes(api_page: str) -> None:
    body = api_page.split("-d '", 1)[1].split("'\n", 1)[0]
    assert ScoreRequest.model_validate(json.loads(body)).items[0].reference
