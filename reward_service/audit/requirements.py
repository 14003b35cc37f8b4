"""What a user requires of a reward (`win_rate>=0.97`), and whether the figures meet it.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reward_service.errors import RequestError

_FORM = re.compile(r"\s*([a-z_]+)(?:\.([a-z0-9_ ]+))?\s*(>=|<=)\s*(-?\d+(?:\.\d+)?)\s*")
FIGURES = (
    *("win_rate", "mean_win_rate", "top_third", "false_contradictions"),
    *("zero_spread", "rank_correlation", "length_correlation", "saturated_low", "saturated_high"),
)
"""What can be required.  `win_rate` is of each attack, `win_rate.NAME` of one or each of a family."""
_OF_GROUPS = FIGURES[4:]


@dataclass(frozen=True, slots=True)
class Requirement:
    """A bound on one figure."""

    text: str
    figure: str
    subject: str | None
    """An attack or a family of attacks."""
    at_least: bool
    bound: float

    def holds(self, value: float | None) -> bool:
        """Whether a figure keeps to the bound; one that could not be measured does not."""
        if value is None:
            return False
        return value >= self.bound if self.at_least else value <= self.bound


def parse(texts: Sequence[str], families: Mapping[str, str]) -> list[Requirement]:
    """The requirements of a command line.

    Args:
        texts: such as `win_rate>=0.97`, `win_rate.reversal>=0.93`, `zero_spread<=0.05`.
        families: attack → its family.

    Raises:
        RequestError: one of them can't be read; says which names there are.
    """
    subjects = {*families, *families.values()}
    found = []
    for text in texts:
        match = _FORM.fullmatch(text)
        if match is None:
            raise RequestError(
                f"--require {text!r}: must be FIGURE>=NUMBER or FIGURE<=NUMBER", where="require"
            )
        figure, subject, sign, bound = match.groups()
        subject = subject.strip() if subject else None
        if figure not in FIGURES:
            raise RequestError(
                f"--require {text!r}: no figure is named {figure!r}; {', '.join(FIGURES)}", where="require"
            )
        if subject is not None and (figure != "win_rate" or subject not in subjects):
            raise RequestError(
                f"--require {text!r}: no attack or family is named {subject!r}; "
                f"{', '.join(sorted(subjects))}",
                where="require",
            )
        found.append(Requirement(text.strip(), figure, subject, sign == ">=", float(bound)))
    return found


def check(
    requirements: Sequence[Requirement],
    rewards: Mapping[str, Mapping[str, Any]],
    false_contradictions: Mapping[str, Mapping[str, Any]],
    families: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Each requirement on each thing that it holds for, with the value and whether it is met.

    A requirement that names an attack or its family takes the place of the general one for that attack.
    """
    found: list[dict[str, Any]] = []
    named = {requirement.subject for requirement in requirements if requirement.figure == "win_rate"}
    for requirement in requirements:
        if requirement.figure == "false_contradictions":
            for name, entry in false_contradictions.items():
                found.append(_entry(requirement, name, None, entry["share"]))
            continue
        for reward, figures in rewards.items():
            for subject, value in _values(requirement, figures, families, named):
                found.append(_entry(requirement, reward, subject, value))
    return found


def _values(
    requirement: Requirement, figures: Mapping[str, Any], families: Mapping[str, str], named: set[str | None]
) -> Iterator[tuple[str | None, float | None]]:
    if requirement.figure in _OF_GROUPS:
        yield None, figures["groups"][requirement.figure]
    elif requirement.figure != "win_rate":
        yield None, figures[requirement.figure]
    else:
        for attack, entry in figures["attacks"].items():
            if requirement.subject == attack or (
                entry["win_rate"] is not None and _decides(requirement, attack, families[attack], named)
            ):
                yield attack, entry["win_rate"]


def _decides(requirement: Requirement, attack: str, family: str, named: set[str | None]) -> bool:
    """Whether a requirement on a family, or the general one, is the closest one to an attack."""
    if attack in named:
        return False
    return requirement.subject == family or (requirement.subject is None and family not in named)


def _entry(requirement: Requirement, reward: str, subject: str | None, value: float | None) -> dict[str, Any]:
    return {
        "text": requirement.text,
        "reward": reward,
        "subject": subject,
        "value": value,
        "met": requirement.holds(value),
    }
