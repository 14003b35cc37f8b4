"""The file of a lexicon: what the first domain holds, and errors that name the place."""

from __future__ import annotations

import hashlib
from collections import Counter
from pathlib import Path

import pytest

from reward_service.errors import ConfigurationError
from reward_service.lexicons import Lexicon, load_lexicon
from reward_service.lexicons.lexicon_file import FOLDER

MINIMAL = """
name: tea
terms: {kinds: [green tea, {phrase: pot, lemma: true, variants: [kettle]}]}
equivalences: [[pot, vessel]]
discourse_connectives: {cause: [because]}
explanatory_phrases: {cause: [because]}
hollow_buzzwords: {filler: [synergy]}
depth_markers: {date: [in <year>]}
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "tea.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_marxist_lexicon_has_enough_of_every_category(marxist: Lexicon) -> None:
    counts = Counter(marxist.term_categories.values())

    assert sum(counts.values()) >= 130
    assert set(counts) == {
        "classes",
        "political_economy",
        "imperialism",
        "state_and_revolution",
        "ideology",
        "philosophy",
        "history",
        "anti_colonial",
    }
    assert min(counts.values()) >= 10
    assert marxist.name == "marxist"


def test_digest_is_that_of_the_file(marxist: Lexicon) -> None:
    assert marxist.digest == hashlib.sha256((FOLDER / "marxist.yaml").read_bytes()).hexdigest()


def test_a_lexicon_can_be_given_by_path(tmp_path: Path) -> None:
    lexicon = load_lexicon(write(tmp_path, MINIMAL))

    assert lexicon.name == "tea"
    assert lexicon.canonical("Vessel") == lexicon.canonical("kettle") == "pot"
    assert lexicon.term_categories == {"green tea": "kinds", "pot": "kinds"}


@pytest.mark.parametrize(
    ("old", "new", "where", "value"),
    [
        ("name: tea", "nam: tea", "nam", "tea"),
        ("[green tea,", "[7,", "terms.kinds.0", "7"),
        ("[green tea,", "[' ',", "terms.kinds.0.phrase", "' '"),
        ("lemma: true", "lemma: perhaps", "terms.kinds.1.lemma", "perhaps"),
        ("variants:", "varians:", "terms.kinds.1.varians", "kettle"),
        ("[kettle]", "[green-tea]", "terms.kinds.1", "green-tea"),
        ("[green tea,", "['--',", "terms.kinds.0", "--"),
        ("[[pot, vessel]]", "[[jug, vessel]]", "equivalences.0", "jug"),
        ("[[pot, vessel]]", "[[pot, green tea]]", "equivalences.0", "green tea"),
        ("[[pot, vessel]]", "[[pot]]", "equivalences.0", "pot"),
        ("in <year>", "in <yaer>", "depth_markers.date.0", "in <yaer>"),
        ("{cause: [because]}", "[because]", "discourse_connectives", "because"),
    ],
)
def test_an_error_names_file_place_and_value(
    tmp_path: Path, old: str, new: str, where: str, value: str
) -> None:
    path = write(tmp_path, MINIMAL.replace(old, new, 1))

    with pytest.raises(ConfigurationError) as caught:
        load_lexicon(path)

    assert str(path) in caught.value.message
    assert caught.value.where is not None
    assert where in caught.value.message
    assert value in caught.value.message


@pytest.mark.parametrize("text", ["", "[]", "name: [", "a: 1\na: 2", "name: \x00"])
def test_what_is_no_lexicon_is_a_configuration_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match=r"tea\.yaml"):
        load_lexicon(write(tmp_path, text))


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    text = MINIMAL.replace("terms: {kinds:", "terms: {kinds: [cup], kinds:")

    with pytest.raises(ConfigurationError, match="'kinds' is given twice"):
        load_lexicon(write(tmp_path, text))


@pytest.mark.parametrize("name", ["nothing", "no/such.yaml", "nothing.yaml"])
def test_a_missing_lexicon_says_which_there_are(name: str) -> None:
    with pytest.raises(ConfigurationError, match="marxist"):
        load_lexicon(name)
