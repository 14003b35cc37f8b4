"""What a user requires, and whether it is met."""

from __future__ import annotations

from typing import Any

import pytest

from reward_service.audit.requirements import check, parse
from reward_service.errors import RequestError

FAMILIES = {"soup": "word soup", "roles": "reversal", "names": "reversal"}


def figures(**rates: float | None) -> dict[str, Any]:
    return {
        "r": {
            "attacks": {name: {"win_rate": rate} for name, rate in rates.items()},
            "mean_win_rate": 0.98,
            "top_third": 0.91,
            "groups": {"zero_spread": 0.04, "rank_correlation": None},
        }
    }


def checked(*texts: str, **rates: float | None) -> list[tuple[str, str | None, bool]]:
    found = check(parse(texts, FAMILIES), figures(**rates), {"nli": {"share": 0.03}}, FAMILIES)
    return [(entry["text"], entry["subject"], entry["met"]) for entry in found]


def test_the_closest_requirement_holds_for_each_attack() -> None:
    assert checked(
        "win_rate>=0.97", "win_rate.reversal >= 0.93", "win_rate.names>=0.5", soup=0.96, roles=0.94, names=0.6
    ) == [
        ("win_rate>=0.97", "soup", False),
        ("win_rate.reversal >= 0.93", "roles", True),
        ("win_rate.names>=0.5", "names", True),
    ]


def test_an_attack_that_was_not_made_is_left_out_unless_it_is_named() -> None:
    assert checked("win_rate>=0.97", soup=1.0, roles=None) == [("win_rate>=0.97", "soup", True)]
    assert checked("win_rate.roles>=0.5", soup=1.0, roles=None) == [("win_rate.roles>=0.5", "roles", False)]


def test_other_figures_and_what_could_not_be_measured() -> None:
    assert checked(
        "mean_win_rate>=0.99",
        "top_third>=0.9",
        "zero_spread<=0.05",
        "rank_correlation>=0.1",
        "false_contradictions<=0.02",
    ) == [
        ("mean_win_rate>=0.99", None, False),
        ("top_third>=0.9", None, True),
        ("zero_spread<=0.05", None, True),
        ("rank_correlation>=0.1", None, False),
        ("false_contradictions<=0.02", None, False),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("win_rate", "FIGURE>=NUMBER"),
        ("win_rate>0.9", "FIGURE>=NUMBER"),
        ("winrate>=0.9", "no figure is named 'winrate'"),
        ("win_rate.soups>=0.9", "no attack or family is named 'soups'"),
        ("top_third.soup>=0.9", "no attack or family is named 'soup'"),
    ],
)
def test_a_requirement_that_cannot_be_read_is_named(text: str, says: str) -> None:
    with pytest.raises(RequestError) as caught:
        parse([text], FAMILIES)
    assert says in str(caught.value)
    assert caught.value.where == "require"
