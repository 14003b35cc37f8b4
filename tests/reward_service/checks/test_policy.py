"""What policies may say, that every mistake names file, rule and field, and what a verdict makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.checks.checker import POLICIES, build_checker
from reward_service.checks.finders import discover
from reward_service.checks.finding import Finding
from reward_service.checks.policy import Policy, Rule, load_policies
from reward_service.checks.verdict import judge
from reward_service.errors import ConfigurationError, UnknownPolicy
from reward_service.types import Sample, Score
from shared.completion import split
from shared.schema import DEFAULT_POLICY, Outcome

FINDERS = discover()
GOOD = "{name: good, doc: Good., rules: {loop: {review: 0.3, fail: 0.6}}}"
RANKS = [Outcome.PASS, Outcome.REVIEW, Outcome.FAIL]


def load(folder: Path, *files: str) -> dict[str, Policy]:
    for index, text in enumerate(files):
        (folder / f"{index}.yaml").write_text(text, encoding="utf-8")
    return load_policies([folder], FINDERS)


# --- files ------------------------------------------------------------------------------------------------


def test_the_policies_that_come_with_the_server_grow_milder_in_order() -> None:
    policies = load_policies([POLICIES], FINDERS)
    assert set(policies) == {"strict", DEFAULT_POLICY, "lenient"}
    strict, default, lenient = (policies[name] for name in ("strict", DEFAULT_POLICY, "lenient"))
    assert strict.rules.keys() == FINDERS.keys()
    for stricter, milder in ((strict, default), (default, lenient)):
        for code, rule in milder.rules.items():
            other = stricter.rules[code]
            for mild, harsh in ((rule.fail, other.fail), (rule.review, other.review or other.fail)):
                assert mild is None or (harsh is not None and harsh <= mild), code


def test_a_rule_may_have_either_threshold(tmp_path: Path) -> None:
    policy = load(tmp_path, "{name: p, doc: D., rules: {empty: {fail: 1}, loop: {review: 0.5}}}")["p"]
    assert policy.rules == {"empty": Rule(fail=1), "loop": Rule(review=0.5)}
    assert list(policy.rules) == ["empty", "loop"]


@pytest.mark.parametrize(
    ("text", "field", "said"),
    [
        ("{doc: D., rules: {loop: {fail: 1}}}", "name", "Field required"),
        ("{name: A b, doc: D., rules: {loop: {fail: 1}}}", "name", "pattern"),
        ("{name: 3, doc: D., rules: {loop: {fail: 1}}}", "name", "string"),
        ("{name: good, doc: D., rules: {loop: {fail: 1}}}", "name", "already defined in"),
        ("{name: p, rules: {loop: {fail: 1}}}", "doc", "Field required"),
        ("{name: p, doc: '', rules: {loop: {fail: 1}}}", "doc", "at least 1"),
        ("{name: p, doc: D.}", "rules", "Field required"),
        ("{name: p, doc: D., rules: {}}", "rules", "at least 1"),
        ("{name: p, doc: D., rules: [loop]}", "rules", "dictionary"),
        ("{name: p, doc: D., rule: {}, rules: {loop: {fail: 1}}}", "rule", "Extra inputs"),
        ("{name: p, doc: D., rules: {lop: {fail: 1}}}", "rules.lop", "did you mean loop"),
        (
            "{name: p, doc: D., rules: {zzzzzz: {fail: 1}}}",
            "rules.zzzzzz",
            "there are adrift, ",
        ),
        ("{name: p, doc: D., rules: {loop: {}}}", "rules.loop", "neither `review` nor `fail`"),
        ("{name: p, doc: D., rules: {loop: 0.5}}", "rules.loop", "valid dictionary"),
        ("{name: p, doc: D., rules: {loop: {fails: 1}}}", "rules.loop.fails", "Extra inputs"),
        ("{name: p, doc: D., rules: {loop: {fail: '1'}}}", "rules.loop.fail", "number"),
        ("{name: p, doc: D., rules: {loop: {fail: true}}}", "rules.loop.fail", "number"),
        ("{name: p, doc: D., rules: {loop: {fail: .nan}}}", "rules.loop.fail", "finite"),
        ("{name: p, doc: D., rules: {loop: {fail: 0}}}", "rules.loop.fail", "greater than 0"),
        ("{name: p, doc: D., rules: {loop: {review: 20}}}", "rules.loop.review", "goes up to 1"),
        ("{name: p, doc: D., rules: {loop: {review: 0.6, fail: 0.5}}}", "rules.loop", "must be below"),
        ("{name: p, doc: D., rules: {loop: {review: 0.5, fail: 0.5}}}", "rules.loop", "must be below"),
    ],
)
def test_a_mistake_names_file_rule_and_field(tmp_path: Path, text: str, field: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, GOOD, text)
    assert f"{tmp_path / '1.yaml'}: {field}: " in caught.value.message
    assert said in caught.value.message


@pytest.mark.parametrize(
    "text",
    [
        "{name: a, name: b}",
        "{rules: {loop: {fail: 1}, loop: {fail: 0.5}}}",
        "name: [",
        "- 1",
        "",
        "\x00",
        "{[a]: 1}",
    ],
)
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"0\.yaml"):
        load(tmp_path, text)


def test_a_file_that_is_no_text_and_a_folder_that_is_missing_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder of policies"):
        load_policies([tmp_path / "gone"], FINDERS)
    (tmp_path / "0.yaml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigurationError, match=r"0\.yaml: is not YAML"):
        load_policies([tmp_path], FINDERS)


def test_a_policy_of_the_name_of_one_that_comes_with_the_server_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD.replace("good", "strict"), encoding="utf-8")
    with pytest.raises(
        ConfigurationError, match=r"mine\.yaml: name: strict is already defined in .*strict\.yaml"
    ):
        build_checker([tmp_path])


# --- what a policy asks for -------------------------------------------------------------------------------


def test_only_what_a_policy_has_rules_for_is_computed_and_looked_at(tmp_path: Path) -> None:
    rules = "{loop: {fail: 0.6}, empty: {fail: 1}}"
    (tmp_path / "mine.yaml").write_text(f"{{name: mine, doc: D., rules: {rules}}}", encoding="utf-8")
    checker = build_checker([tmp_path])
    mine = checker.policy("mine")
    assert checker.rewards(mine) == ("degeneration_reward",)
    sample = Sample("0", "", split("<think>never closed"), None)
    score = Score(0.0, evidence={"loops": {"share": 0.0, "worst": None}})
    assert [found.code for found in checker.look(mine, sample, {"degeneration_reward": score})] == ["empty"]
    assert len(checker.rewards(checker.policy(DEFAULT_POLICY))) == 8


def test_every_policy_is_published_with_all_codes(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD, encoding="utf-8")
    infos = {info.name: info for info in build_checker([tmp_path]).infos()}
    assert list(infos) == sorted(infos)
    good = infos["good"]
    assert (good.doc, good.rules[0].code, good.rules[0].review, good.rules[0].fail) == (
        "Good.",
        "loop",
        0.3,
        0.6,
    )
    assert {rule.code for rule in good.rules} == FINDERS.keys()
    assert all(rule.review is None and rule.fail is None for rule in good.rules[1:])
    assert all(rule.unit and rule.doc and "\n" not in rule.doc for rule in good.rules)


@pytest.mark.parametrize(("name", "hint"), [("strikt", "did you mean strict"), ("\ud800", "GET /policies")])
def test_an_unknown_policy_is_named_with_a_hint(name: str, hint: str) -> None:
    with pytest.raises(UnknownPolicy, match=hint) as caught:
        build_checker().policy(name)
    assert caught.value.where == "policy"
    with pytest.raises(UnknownPolicy) as caught:
        build_checker().policy("x" * 10_000)
    assert len(caught.value.message) < 200


# --- verdicts ---------------------------------------------------------------------------------------------

POLICY = Policy(
    name="p",
    doc="D.",
    rules={"loop": Rule(review=0.3, fail=0.6), "empty": Rule(fail=1), "off_topic": Rule(review=0.5)},
)


def test_without_findings_the_answer_passes() -> None:
    assert judge([], POLICY) == (Outcome.PASS, [])


@pytest.mark.parametrize(
    ("code", "measure", "outcome"),
    [
        ("loop", 0.29, Outcome.PASS),
        ("loop", 0.3, Outcome.REVIEW),
        ("loop", 0.6, Outcome.FAIL),
        ("empty", 0.9, Outcome.PASS),
        ("empty", 1.0, Outcome.FAIL),
        ("off_topic", 1.0, Outcome.REVIEW),
        ("hollow", 99.0, Outcome.PASS),
    ],
)
def test_a_threshold_holds_from_its_value_on(code: str, measure: float, outcome: Outcome) -> None:
    verdict, reasons = judge([Finding(code, measure, "m", (1, 2), {"a": 1})], POLICY)
    assert verdict is outcome
    assert [reason.outcome for reason in reasons] == ([outcome] if outcome is not Outcome.PASS else [])
    for reason in reasons:
        assert (reason.code, reason.measure, reason.message) == (code, measure, "m")
        assert (reason.span, reason.evidence) == ((1, 2), {"a": 1})


def test_what_fails_stands_first_then_the_order_of_the_rules_then_the_larger_measure() -> None:
    findings = [
        Finding("off_topic", 1.0, "a"),
        Finding("loop", 0.4, "b", (9, 10)),
        Finding("loop", 0.4, "c", (2, 3)),
        Finding("loop", 0.5, "d"),
        Finding("empty", 1.0, "e"),
    ]
    verdict, reasons = judge(findings, POLICY)
    assert verdict is Outcome.FAIL
    assert [reason.message for reason in reasons] == ["e", "d", "c", "b", "a"]


@given(
    st.lists(
        st.tuples(st.sampled_from(["loop", "empty", "off_topic", "hollow"]), st.floats(0, 2)), max_size=8
    ),
)
def test_the_verdict_is_the_worst_whatever_the_order_and_more_is_never_better(
    given_: list[tuple[str, float]],
) -> None:
    findings = [Finding(code, measure, f"{code} {measure}") for code, measure in given_]
    verdict, reasons = judge(findings, POLICY)
    worst = max((RANKS.index(reason.outcome) for reason in reasons), default=0)
    assert RANKS.index(verdict) == worst
    assert judge(list(reversed(findings)), POLICY)[0] is verdict
    assert RANKS.index(judge([*findings, Finding("loop", 0.4, "m")], POLICY)[0]) >= max(worst, 1)
