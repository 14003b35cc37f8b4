"""Where the lexicon finds its entries: token boundaries, lemmas, longest match, no loose pattern."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise

import pytest

from reward_service.lexicons import Lexicon
from reward_service.types import Document

Parse = Callable[[str], Document]


def entries(lexicon: Lexicon, document: Document) -> list[str]:
    return [match.entry for match in lexicon.terms(document)]


@pytest.mark.parametrize(
    ("text", "absent"),
    [
        ("The argument is based on facts.", "economic base"),
        ("A plan was valued by many and they stated it.", "profit"),
        ("She wrote about capitalists.", "capital"),
        ("Their anti-communism was loud.", "communism"),
        ("They profited from the sale.", "profit"),
        ("The superstructures of steel ships need alienationless paint.", "alienation"),
    ],
)
def test_parts_of_words_and_verbs_are_no_terms(
    marxist: Lexicon, parse: Parse, text: str, absent: str
) -> None:
    assert absent not in entries(marxist, parse(text))


@pytest.mark.parametrize(
    ("text", "present"),
    [
        ("The base shapes the superstructure.", "economic base"),
        ("Capital grows.", "capital"),
        ("Commodities are sold.", "commodity"),
        ("SURPLUS VALUE is unpaid labour.", "surplus value"),
        ("Surplus-value is unpaid labour.", "surplus value"),
        ("**Surplus** value is unpaid labour.", "surplus value"),
        ("They sell their labor-power.", "labour power"),
        ("Modes of production follow each other.", "mode of production"),
        ("The rates of profit fall.", "rate of profit"),
        ("It is a workers' state.", "workers ' state"),
        ("The capitalist class owns the factories.", "bourgeoisie"),
        ("The working classes of Europe rose.", "proletariat"),
    ],
)
def test_inflections_spellings_and_wordings_are_found(
    marxist: Lexicon, parse: Parse, text: str, present: str
) -> None:
    assert present in entries(marxist, parse(text))


def test_longest_entry_wins_and_nothing_overlaps(marxist: Lexicon, parse: Parse) -> None:
    document = parse(
        "Constant capital and the organic composition of capital, the dictatorship of the proletariat."
    )
    matches = marxist.terms(document)

    assert [match.entry for match in matches] == [
        "constant capital",
        "organic composition of capital",
        "dictatorship of the proletariat",
    ]
    assert all(first.last <= second.first for first, second in pairwise(matches))


def test_spans_point_at_the_text_and_its_tokens(marxist: Lexicon, parse: Parse) -> None:
    document = parse("Hence labour-power is a commodity.")
    match = marxist.terms(document)[0]

    assert document.text[match.start : match.end] == match.text == "labour-power"
    assert [token.text for token in document.tokens[match.first : match.last]] == ["labour", "-", "power"]
    assert match.category == "political_economy"


@pytest.mark.parametrize(
    "text", ["It has a surplus. Value is created.", "surplus\n\nvalue", "surplus -- value"]
)
def test_no_entry_crosses_a_sentence_a_paragraph_or_a_dash(marxist: Lexicon, parse: Parse, text: str) -> None:
    assert "surplus value" not in entries(marxist, parse(text))


@pytest.mark.parametrize(
    ("text", "markers"),
    [
        ("In 1867 the book appeared.", ["1867"]),
        ("The book (1867) appeared.", ["1867"]),
        ("The book appeared in 1867, and (1867) was a good year.", ["1867", "1867"]),
        ("From 1914 to 1918 there was war.", ["1914 – 1918"]),
        ("It was so in the 1930s.", ["1930s"]),
        ("Lenin argued it, and later Lenin wrote it.", ["lenin <says>", "lenin <says>"]),
        ("According to the census, for example, it is so.", ["according to", "for example"]),
        ("He says so in The German Ideology.", ["in the german ideology"]),
        ("As a rule, in 1 case of 20, as a worker, in 12345 days, in 3000, in many ways.", []),
        ("A lark ascended, arguing nothing. People argued.", []),
    ],
)
def test_depth_markers_need_something_concrete(
    marxist: Lexicon, parse: Parse, text: str, markers: list[str]
) -> None:
    assert [match.entry for match in marxist.depth_markers(parse(text))] == markers


ORDINARY = (
    "As a child I walked to school with my brother. It was not yet warm, so we wore coats. In 1 of 3 winters "
    "the river froze, and the forces of nature drove us home. We had bread, and then we slept."
)


def test_ordinary_prose_trips_no_list(marxist: Lexicon, parse: Parse) -> None:
    document = parse(ORDINARY)

    assert marxist.terms(document) == ()
    assert marxist.depth_markers(document) == ()
    assert marxist.hollow(document) == ()
    assert marxist.explanations(document) == ()
    assert marxist.connectives(document) == ()


def test_connectives_explanations_and_buzzwords(marxist: Lexicon, parse: Parse) -> None:
    document = parse("However, this leads to crisis because a nuanced paradigm plays a crucial role.")

    assert [match.entry for match in marxist.connectives(document)] == ["however", "leads to", "because"]
    assert [match.entry for match in marxist.explanations(document)] == ["leads to", "because"]
    assert [match.entry for match in marxist.hollow(document)] == [
        "nuanced",
        "paradigm",
        "plays a crucial role",
    ]


def test_equivalents_and_canonical_forms(marxist: Lexicon) -> None:
    assert marxist.canonical("Capitalist  Class") == "bourgeoisie"
    assert marxist.canonical("Profit-Rate") == "rate of profit"
    assert marxist.canonical("tea pot") == "tea pot"
    assert {"bourgeoisie", "capitalist class"} <= marxist.equivalents("bourgeoisie")
    assert marxist.equivalents("bourgeoisie") == marxist.equivalents("capitalist class")
    assert marxist.equivalents("Tea-pot") == {"tea pot"}


@pytest.mark.parametrize("text", ["", "   ", "-—’s ' * _ ¶ 😀", "\u202eعربي עברית", "-" * 2000, "a" * 2000])
def test_odd_texts_hold_nothing(marxist: Lexicon, parse: Parse, text: str) -> None:
    document = parse(text)

    for find in (
        marxist.terms,
        marxist.connectives,
        marxist.explanations,
        marxist.hollow,
        marxist.depth_markers,
    ):
        assert find(document) == ()
