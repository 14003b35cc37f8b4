"""What recipes may say, what `same_as` makes of another recipe, and that every mistake names file and key."""

from __future__ import annotations

from pathlib import Path

import pytest

from reward_service.composite import Recipe
from reward_service.errors import ConfigurationError
from reward_service.recipes import load_recipes

FUNCTIONS = ("alpha", "beta", "gamma")


def load(folder: Path, *files: str) -> dict[str, Recipe]:
    for index, text in enumerate(files):
        (folder / f"{index}.yaml").write_text(text, encoding="utf-8")
    return load_recipes(folder, FUNCTIONS)


def test_recipes_stand_behind_those_that_they_read(tmp_path: Path) -> None:
    recipes = load(
        tmp_path,
        "{name: upper, sum: {middle: 1.0, alpha: 2}}",
        "{name: middle, doc: In between., gates: [{if: lower, at_most: 0, then: alpha}], sum: {beta: 1.0}}",
        "{name: lower, sum: {alpha: 0.5}}",
    )
    assert list(recipes) == ["lower", "middle", "upper"]
    assert recipes["middle"].doc == "In between."
    assert recipes["middle"].parts == ("lower", "alpha", "beta")
    assert recipes["middle"].gates[0].text == "lower ≤ 0.0"


def test_same_as_exchanges_a_part_at_every_depth(tmp_path: Path) -> None:
    recipes = load(
        tmp_path,
        "{name: inner, gates: [{if: alpha, at_most: -1, then: -5}], sum: {alpha: 1.0, gamma: 2.0}}",
        "{name: untouched, sum: {gamma: 1.0}}",
        "{name: outer, gates: [{if: inner, at_most: 0, then: inner}],"
        " sum: {inner: 1.0, untouched: 3.0, alpha: 4.0}}",
        "{name: other, same_as: outer, with: {alpha: beta}}",
    )
    assert list(recipes).index("other/inner") < list(recipes).index("other")
    inner, other = recipes["other/inner"], recipes["other"]
    assert (inner.gates[0].text, inner.gates[0].then) == ("beta ≤ -1.0", -5.0)
    assert dict(inner.sum) == {"beta": 1.0, "gamma": 2.0}
    assert (other.gates[0].part, other.gates[0].then) == ("other/inner", "other/inner")
    assert dict(other.sum) == {"other/inner": 1.0, "untouched": 3.0, "beta": 4.0}
    assert dict(recipes["outer"].sum) == {"inner": 1.0, "untouched": 3.0, "alpha": 4.0}, "the model stays"


def test_same_as_may_build_on_same_as_and_exchange_a_whole_recipe(tmp_path: Path) -> None:
    recipes = load(
        tmp_path,
        "{name: inner, sum: {alpha: 1.0}}",
        "{name: outer, sum: {inner: 1.0}}",
        "{name: second, same_as: outer, with: {alpha: beta}}",
        "{name: third, same_as: second, with: {beta: gamma}}",
        "{name: fourth, same_as: outer, with: {inner: gamma}}",
    )
    assert dict(recipes["third"].sum) == {"third/second/inner": 1.0}
    assert dict(recipes["third/second/inner"].sum) == {"gamma": 1.0}
    assert dict(recipes["fourth"].sum) == {"gamma": 1.0}


GOOD = "{name: good, sum: {alpha: 1.0}}"


@pytest.mark.parametrize(
    ("text", "key", "said"),
    [
        ("{name: r}", "recipe", "`sum` is missing"),
        ("{name: r, sum: {}}", "recipe", "`sum` is missing"),
        ("{sum: {alpha: 1.0}}", "name", "Field required"),
        ("{name: R r, sum: {alpha: 1.0}}", "name", "pattern"),
        ("{name: a/b, sum: {alpha: 1.0}}", "name", "pattern"),
        ("{name: alpha, sum: {beta: 1.0}}", "name", "is the name of a reward function"),
        ("{name: good, sum: {beta: 1.0}}", "name", "already defined in"),
        ("{name: r, sum: {alpha: .nan}}", "sum.alpha", "finite"),
        ("{name: r, sum: {alpha: .inf}}", "sum.alpha", "finite"),
        ("{name: r, sum: {alpha: '1'}}", "sum.alpha", "number"),
        ("{name: r, sum: {alpha: true}}", "sum.alpha", "number"),
        ("{name: r, sum: {delta: 1.0}}", "sum.delta", "no reward is named delta"),
        ("{name: r, sum: {alpha: 1.0}, gate: []}", "gate", "Extra inputs"),
        (
            "{name: r, sum: {alpha: 1}, gates: [{if: nu, at_most: 0, then: 0}]}",
            "gates.0.if",
            "no reward is named nu",
        ),
        ("{name: r, sum: {alpha: 1}, gates: [{if: beta, at_most: 0, then: nu}]}", "gates.0.then", "named nu"),
        (
            "{name: r, sum: {alpha: 1}, gates: [{if: beta, at_most: .inf, then: 0}]}",
            "gates.0.at_most",
            "finite",
        ),
        ("{name: r, sum: {alpha: 1}, gates: [{if: beta, at_most: 0, then: .nan}]}", "gates.0.then", "finite"),
        (
            "{name: r, sum: {alpha: 1}, gates: [{if: beta, at_least: 0, then: 0}]}",
            "gates.0.at_most",
            "required",
        ),
        ("{name: r, sum: {alpha: 1}, gates: [{part: beta, at_most: 0, then: 0}]}", "gates.0.if", "required"),
        ("{name: r, sum: {r: 1.0}}", "sum.r", "circle: r → r"),
        ("{name: r, same_as: good}", "recipe", "needs `with`"),
        ("{name: r, with: {alpha: beta}, sum: {alpha: 1}}", "recipe", "needs `same_as`"),
        ("{name: r, same_as: good, with: {alpha: beta}, sum: {alpha: 1}}", "recipe", "takes the place"),
        ("{name: r, same_as: alpha, with: {alpha: beta}}", "same_as", "has no arithmetic"),
        ("{name: r, same_as: nu, with: {alpha: beta}}", "same_as", "no reward is named nu"),
        ("{name: r, same_as: good, with: {nu: beta}}", "with.nu", "no reward is named nu"),
        ("{name: r, same_as: good, with: {alpha: nu}}", "with.alpha", "no reward is named nu"),
        ("{name: r, same_as: good, with: {beta: gamma}}", "with.beta", "good does not read beta"),
        ("{name: r, same_as: both, with: {alpha: beta}}", "with", "beta would stand twice"),
        ("{name: r, same_as: r, with: {alpha: beta}}", "same_as", "circle"),
    ],
)
def test_a_mistake_names_file_and_key(tmp_path: Path, text: str, key: str, said: str) -> None:
    with pytest.raises(ConfigurationError) as caught:
        load(tmp_path, GOOD, "{name: both, sum: {alpha: 1.0, beta: 1.0}}", text)
    assert str(tmp_path / "2.yaml") in caught.value.message
    assert f": {key}: " in caught.value.message
    assert said in caught.value.message


def test_a_circle_of_recipes_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=r"one → two → one|two → one → two"):
        load(tmp_path, "{name: one, sum: {two: 1.0}}", "{name: two, sum: {one: 1.0}}")


@pytest.mark.parametrize("text", ["{name: r, sum: {alpha: 1, alpha: 2}}", "name: [", "- 1", "", "\x00"])
def test_what_is_no_mapping_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"0\.yaml"):
        load(tmp_path, text)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    (tmp_path / "0.yaml").write_bytes(b"\xff\xfe\x00name")
    with pytest.raises(ConfigurationError, match=r"0\.yaml: is not YAML"):
        load_recipes(tmp_path, FUNCTIONS)


def test_a_folder_that_is_missing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such recipe file or folder"):
        load_recipes([tmp_path / "gone"], FUNCTIONS)


def test_a_single_file_may_be_given(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text(GOOD, encoding="utf-8")
    assert list(load_recipes([tmp_path / "one.yaml"], FUNCTIONS)) == ["good"]
