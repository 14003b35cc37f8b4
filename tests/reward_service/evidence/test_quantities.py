"""Numbers and dates by value."""

from __future__ import annotations

import pytest

from reward_service.evidence.quantities import quantities
from tests.support.timing import quickest


def one(text: str) -> tuple[float, float, bool]:
    (found,) = quantities(text)
    return found.low, found.high, found.counts


@pytest.mark.parametrize(
    ("text", "low", "high"),
    [
        ("1,000 tons", 1000, 1000),
        ("1000 tons", 1000, 1000),
        ("one thousand tons", 1000, 1000),
        ("three hundred and twenty-five thousand", 325_000, 325_000),
        ("a hundred men", 100, 100),
        ("1.5 million roubles", 1_500_000, 1_500_000),
        ("12.5% of them", 12.5, 12.5),
        ("ten per cent", 10, 10),
        ("a 10-hour day", 10, 10),
        ("(aged 45) he fell", 45, 45),
        ("in October 1917", 1917, 1917),
        ("the 1840s", 1840, 1849),
        ("the nineteenth century", 1800, 1899),
        ("the 21st century", 2000, 2099),
    ],
)
def test_a_number_is_read_by_its_value(text: str, low: float, high: float) -> None:
    assert one(text) == (low, high, True)


@pytest.mark.parametrize("text", ["two classes", "one of them", "(1) wages", "1. Wages fall.", "and 2) so"])
def test_counting_and_list_numbers_say_nothing(text: str) -> None:
    assert not one(text)[2]


@pytest.mark.parametrize("text", ["the war of 1914–18", "1914-1918", "the years 1914 – 1918"])
def test_a_span_of_years_is_two_years(text: str) -> None:
    assert [found.low for found in quantities(text)] == [1914, 1918]


@pytest.mark.parametrize("text", ["none", "someone", "often", "v1a", "hundreds of men", "", "the second day"])
def test_words_that_hold_numbers_are_none(text: str) -> None:
    assert quantities(text) == ()


def test_a_period_is_backed_by_a_year_in_it_and_no_year_by_its_period() -> None:
    decade, year, other = quantities("the 1840s, 1848 and 1850")
    assert year.covers(decade)
    assert not decade.covers(year)
    assert not other.covers(decade)


def test_offsets_are_those_of_the_text() -> None:
    text = "About 1,000 workers struck in 1914–18, and ten per cent of them for two weeks."
    assert all(text[found.start : found.end] == found.text for found in quantities(text))


@pytest.mark.parametrize("piece", ["1,", "1917-", "one hundred and ", "thousand ", "1840s ", "9" * 50 + " "])
def test_no_text_takes_long(piece: str) -> None:
    assert quickest(lambda: quantities(piece * (40_000 // len(piece)))) < 2
