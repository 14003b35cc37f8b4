"""Schemathesis against the live server: whatever fits the schema or nearly does gets a documented answer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.config import SchemathesisConfig
from schemathesis.core.result import Ok

from tests.contract.conftest import LiveServer

DOCUMENT = Path(__file__).parents[2] / "docs" / "openapi.json"
EXAMPLES = 25
CONFIG = SchemathesisConfig.from_dict(
    {
        "seed": 20261,
        "generation": {"mode": "all", "max-examples": EXAMPLES, "deterministic": True, "no-shrink": True},
        "checks": {
            # A reward's name is a string to the schema, and yet most strings name no reward: that is a 422;
            # most ids name no review: that is a 404.
            "positive_data_acceptance": {"expected-statuses": [200, 404, 422]},
        },
        "phases": {"stateful": {"enabled": False}},
    }
)

schema = schemathesis.openapi.from_path(DOCUMENT, config=CONFIG)


@schema.parametrize()
@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[
        HealthCheck.function_scoped_fixture,
        HealthCheck.too_slow,
        HealthCheck.filter_too_much,
    ],
)
def test_every_answer_is_a_documented_one(case: schemathesis.Case[Any], server: LiveServer) -> None:
    case.call_and_validate(base_url=server.url, headers=server.headers, timeout=60)


def test_the_schema_speaks_of_every_route() -> None:
    found = {operation.ok().label for operation in schema.get_all_operations() if isinstance(operation, Ok)}
    assert found == {
        "POST /score",
        "POST /check",
        "GET /policies",
        "GET /reviews",
        "GET /reviews/{id}",
        "POST /reviews/{id}",
        "GET /rewards",
        "GET /info",
        "GET /health/live",
        "GET /health/ready",
        "GET /metrics",
    }


@pytest.mark.parametrize("status", ["401", "413", "422", "503"])
def test_score_documents_its_refusals(status: str) -> None:
    responses = schema.raw_schema["paths"]["/score"]["post"]["responses"]
    assert responses[status]["content"]["application/json"]["schema"]["$ref"].endswith("/ErrorResponse")
