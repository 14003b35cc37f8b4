"""The finders and policies of one server, and what each policy needs to be looked at."""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from pathlib import Path

from reward_service.checks.finders import discover
from reward_service.checks.finding import Finder, Finding
from reward_service.checks.policy import Policy, load_policies
from reward_service.errors import UnknownPolicy
from reward_service.types import Sample, Score
from shared.schema import PolicyInfo, PolicyRule

POLICIES = Path(__file__).parent / "policies"
LONGEST_NAME = 80


def build_checker(policies_dirs: Iterable[Path] = ()) -> Checker:
    """All finders, the policies that come with the server, and those of further folders.

    Raises:
        ConfigurationError: a policy is wrong, or two of them share a name.
    """
    finders = discover()
    return Checker(finders, load_policies([POLICIES, *policies_dirs], finders))


class Checker:
    """Finders by code and policies by name; immutable.

    Args:
        finders: code → finder.
        policies: name → policy, as `load_policies` returns them.
    """

    def __init__(self, finders: Mapping[str, Finder], policies: Mapping[str, Policy]) -> None:
        self._finders = dict(finders)
        self._policies = dict(policies)

    @property
    def codes(self) -> tuple[str, ...]:
        """Every code that there is, in alphabetical order."""
        return tuple(sorted(self._finders))

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Every policy, by name."""
        return tuple(policy for _, policy in sorted(self._policies.items()))

    def policy(self, name: str) -> Policy:
        """A policy by its name.

        Raises:
            UnknownPolicy: suggests the closest names.
        """
        if name not in self._policies:
            close = get_close_matches(name, self._policies, n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(close)}?" if close else "; GET /policies lists them all"
            shown = name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"
            raise UnknownPolicy(f"no policy is named {shown!r}{hint}", where="policy")
        return self._policies[name]

    def rewards(self, policy: Policy) -> tuple[str, ...]:
        """The reward functions that a policy's findings are read from, by name; no other is computed."""
        return tuple(sorted({reward for finder in self._asked(policy) for reward in finder.rewards}))

    def look(self, policy: Policy, sample: Sample, scores: Mapping[str, Score]) -> list[Finding]:
        """All that the finders of a policy's rules find in an answer, whatever its thresholds are.

        Args:
            policy: names the codes.
            sample: normalised, as the engine returns it.
            scores: of `rewards(policy)`, with evidence.
        """
        return [found for finder in self._asked(policy) for found in finder.find(sample, scores)]

    def infos(self) -> list[PolicyInfo]:
        """What `GET /policies` publishes, by name.  Each lists every code: those that it has rules for in
        their order, then the others, which never matter to it."""
        return [self._info(policy) for _, policy in sorted(self._policies.items())]

    def _info(self, policy: Policy) -> PolicyInfo:
        codes = [*policy.rules, *sorted(self._finders.keys() - policy.rules.keys())]
        return PolicyInfo(
            name=policy.name, doc=policy.doc.strip(), rules=[self._rule(policy, code) for code in codes]
        )

    def _rule(self, policy: Policy, code: str) -> PolicyRule:
        finder, rule = self._finders[code], policy.rules.get(code)
        return PolicyRule(
            code=code,
            review=rule.review if rule is not None else None,
            fail=rule.fail if rule is not None else None,
            unit=finder.unit,
            doc=" ".join((inspect.getdoc(type(finder)) or "").split()),
        )

    def _asked(self, policy: Policy) -> list[Finder]:
        return [self._finders[code] for code in policy.rules]
