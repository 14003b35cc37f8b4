"""How bad the three kinds of broken output are, and where they are in the answer as it was read."""

from __future__ import annotations

import json
from itertools import product

import pytest

from reward_service.evidence.degeneration import Degeneration, degeneration
from reward_service.markdown import plain
from reward_service.text import normalise
from reward_service.types import Sample
from shared.completion import Completion, split
from tests.support.timing import quickest

PROSE = (
    "The guild kept the price of cloth, and the merchant wished to be rid of the guild. So he carried"
    " wool into the "
    "villages, where no statute reached, and paid for each yard. The weaver had a loom, a garden and "
    "a cow; in a bad "
    "year he sold the cow, in a worse one the loom. From then on he wove on the merchant’s loom for a wage."
)


def read(text: str) -> Degeneration:
    """What is broken in a completion, normalised as the engine does it."""
    came = split(text)
    answer = plain(normalise(came.answer)).strip()
    clean = Completion(came.text, came.reasoning, answer, came.opened, came.closed, came.defects)
    return degeneration(Sample("", "", clean, None))


def test_honest_prose_has_nothing() -> None:
    assert read(PROSE).severities == {"loops": 0.0, "cut_off": 0.0, "encoding": 0.0}
    assert read(PROSE).evidence() == {
        "severities": {"loops": 0.0, "cut_off": 0.0, "encoding": 0.0},
        "loops": {"share": 0.0, "worst": None},
        "cut_off": {"certainty": 0.0, "because": None, "start": None, "end": None},
        "encoding": {"per_100_words": 0.0, "count": 0, "places": []},
    }


def test_severity_of_loops_grows_with_their_share() -> None:
    refrain = " He wove for a wage in the village."
    severities = [read(PROSE + refrain * times).severities["loops"] for times in (1, 2, 3, 6, 20)]

    assert severities == sorted(severities)
    assert severities[0] == 0.0
    assert severities[-1] == 1.0


def test_a_few_rows_of_figures_are_no_loop() -> None:
    rows = " ".join(
        f"In {year} the mill wove {year * 3 - 5000} yards of cloth." for year in (1790, 1791, 1792)
    )

    assert read(f"{PROSE} {rows}").severities["loops"] < 0.1
    assert read(rows).severities["loops"] < 0.3


def test_a_few_words_are_no_loop() -> None:
    assert read("No, no, no!").severities["loops"] < 0.3
    assert read("Yes!!!!!!!!!!!!").severities["loops"] < 0.3


def test_a_cycle_in_a_row_counts_however_long_the_answer_is() -> None:
    words = ["".join(letters) for letters in product("abcdefghij", repeat=3)]

    assert read(" ".join(words)).severities["loops"] == 0.0
    assert read(" ".join([*words, "wage " * 10])).severities["loops"] == 0.4


def test_severity_of_encoding() -> None:
    one, many = read(f"{PROSE} It\ufffds so."), read(PROSE.replace("e ", "é ").encode().decode("latin-1"))

    assert 0.3 < one.severities["encoding"] < 0.6
    assert one.per_100_words == pytest.approx(100 / len(one.raw.split()))
    assert many.severities["encoding"] == 1.0


def test_one_place_in_a_short_answer_is_one_place() -> None:
    assert 0.3 < read("It\ufffds so.").severities["encoding"] < 0.9


def test_text_without_spaces_is_not_one_word() -> None:
    assert read("商人把羊毛带到村里，" * 30 + "\ufffd").per_100_words < 5


@pytest.mark.parametrize(
    ("raw", "kind", "text"),
    [
        ("The **merchant**â€™s loom.", "mojibake", "â€TM"),
        ("- The weaver\n- The loom costs Â½ a crown.", "mojibake", "Â1⁄2"),
        ("# Cloth\n\nThe *weaver*\ufffds loom.", "replaced", "\ufffd"),
        ("The weaver\ud83ds loom.", "control", "\ufffd"),
        ("| a | b |\n|---|---|\n| The loom</s> | wool |", "token", "</s>"),
    ],
)
def test_places_are_found_again_in_the_normalised_answer(raw: str, kind: str, text: str) -> None:
    broken = read(raw)
    place = broken.evidence()["encoding"]["places"][0]

    assert place["kind"] == kind
    assert broken.answer[place["start"] : place["end"]] == text


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("The weaver\x07s loom.", "U+0007"),
        ("The loom.<!-- â€™ -->", "â€™"),
        ("The ~~weaverâ€™s~~ loom.", "â€™"),
    ],
)
def test_a_place_that_normalising_took_away_has_no_span(raw: str, text: str) -> None:
    place = read(raw).evidence()["encoding"]["places"][0]

    assert (place["text"], place["start"], place["end"]) == (text, None, None)


def test_equal_places_are_told_apart() -> None:
    broken = read("Itâ€™s so. Itâ€™s so, and itâ€™s so.")
    places = broken.evidence()["encoding"]["places"]

    assert [broken.answer[place["start"] : place["end"]] for place in places] == ["â€TM"] * 3
    assert [place["start"] for place in places] == [2, 14, 30]


def test_ten_places_are_shown_and_all_are_counted() -> None:
    encoding = read("Itâ€™s so. " * 25).evidence()["encoding"]

    assert (len(encoding["places"]), encoding["count"]) == (10, 25)


def test_the_end_is_shown_in_the_normalised_answer() -> None:
    broken = read(f"<think>Hm.</think>\n\n# Cloth\n\n{PROSE} Later he *lost* the")
    end = broken.evidence()["cut_off"]

    assert (end["certainty"], end["because"]) == (1.0, "ends in “the”")
    assert broken.answer[end["start"] : end["end"]] == "he lost the"


def test_open_markdown_is_seen_though_normalising_takes_it_away() -> None:
    assert read(f"{PROSE}\n\n```\nloom").end.because == "ends in an open block of code"
    assert read(f"{PROSE}\n\n- loom\n- wool\n-").end.certainty == 1.0


def test_reasoning_that_was_never_closed() -> None:
    broken = read("<think>The guild kept the price of cloth")

    assert broken.severities == {"loops": 0.0, "cut_off": 1.0, "encoding": 0.0}
    assert broken.evidence()["cut_off"]["start"] is None


@pytest.mark.parametrize(
    "text", ["", "<think></think>", "   ", "<!-- -->", "\x00", "\ud800", "```", "-", "…"]
)
def test_evidence_of_anything_goes_over_the_wire(text: str) -> None:
    json.dumps(read(text).evidence(), allow_nan=False).encode()
    json.dumps(read(text).evidence(), allow_nan=False, ensure_ascii=False).encode()


def test_forty_thousand_characters_take_no_time() -> None:
    texts = [
        (PROSE * 100)[:40_000],
        "\x00a" * 20_000,
        "â€™ " * 10_000,
        "lost the " * 4_000,
        "的 " * 100 + "a" * 39_000,
    ]
    assert quickest(lambda: [read(text).evidence() for text in texts]) < 3
