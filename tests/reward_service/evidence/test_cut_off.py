"""Which answers stop before they are finished."""

from __future__ import annotations

import pytest

from reward_service.evidence.cut_off import CERTAIN, FINISHED, LIKELY, cut_off
from tests.support.timing import quickest

PROSE = "The council met in March. It raised the levy on land, and the millers refused to pay."


@pytest.mark.parametrize(
    ("end", "because"),
    [
        ("The millers then turned to the", "ends in “the”"),
        ("They sent a letter to the bishop and", "ends in “and”"),
        ("They sent a letter because", "ends in “because”"),
        ("The bishop, an old man who", "ends in “who”"),
        ("The bishop wrote back, but his letter was", "ends in “was”"),
        ("They asked for bread,", "ends in a comma"),
        ("They asked for bread;", "ends in a semicolon"),
        ("They asked for three things:", "ends in a colon"),
        ("They asked for bread –", "ends in a dash"),
        ("They were anti-", "ends in a dash"),
        ("They asked for bread (", "ends in an open bracket"),
        ("They asked for bread (and not only the poor", "a bracket was never closed"),
        ("The bishop wrote: “Nobody shall", "a quotation mark was never closed"),
        ('The bishop wrote that "nobody shall', "a quotation mark was never closed"),
        ('The bishop wrote "', "ends in an open quotation mark"),
        ("They asked for some goods, e.g.", "ends in “e.g.”"),
        ("They asked for **bread", "ends in open emphasis"),
        ("They ran `make bre", "ends in open code"),
        ("They wrote to [the bishop](https://example.org/bish", "ends in an open link"),
        ("They wrote:\n\n```python\nprint(1)\n", "ends in an open block of code"),
        ("It follows that\n$$\nx = 1", "ends in an open formula"),
        ("\n| year | levy |\n|---|---|\n| 1524 | 3 |\n| 1525", "ends in an open row of a table"),
        ("\n1. They met.\n2. They paid.\n3.", "ends in a list item that has just begun"),
        ("\n- They met.\n- They paid.\n-", "ends in a list item that has just begun"),
        ("They asked for (1) bread, (2) peace, (3)", "ends in a list item that has just begun"),
        ("They asked for **peace**, **land** and the", "ends in “the”"),
    ],
)
def test_certainly_cut_off(end: str, because: str) -> None:
    found = cut_off(f"{PROSE} {end}")

    assert found.certainty == CERTAIN
    assert found.because == because


@pytest.mark.parametrize(
    "end",
    [
        "They asked for bread",
        "They asked for option A",
        "They asked in May",
        "They asked in 1525",
        "They asked for the millers'",
        "\n\nHowever, the bishop refused",
        "\n- They met in March.\n- They paid in April.\n- They rose in May",
        "\n\n## What came of it",
        "*They asked for bread*",
    ],
)
def test_likely_cut_off(end: str) -> None:
    assert cut_off(f"{PROSE} {end}").certainty == LIKELY


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        "",
        "Yes",
        "Bread and land",
        "A",
        "The right answer is:\n\nA",
        "1525",
        "The War of the Peasants",
        "The demands of the millers in 1525",
        f"{PROSE} They asked for bread!",
        f"{PROSE} Did they ask for bread?",
        f"{PROSE} They asked for bread…",
        f"{PROSE} “They asked for bread.”",
        f"{PROSE} They asked for 'bread.'",
        f"{PROSE} They asked for “bread”",
        f"{PROSE} They asked for bread (and peace)",
        f"{PROSE} They asked for bread.[3]",
        f"{PROSE} They asked for bread. [1, 2]",
        f"{PROSE} They asked for bread.12",
        f"{PROSE} They asked for bread [12]",
        f"{PROSE} **They asked for bread.**",
        f"{PROSE} They asked for bread. ✊🏽",
        f"{PROSE} They asked for bread! #bread #land",
        f"{PROSE} See https://example.org/levy",
        f"{PROSE} Write to council@example.org",
        f"{PROSE} Compare Miller, The Levy, vol. 2, p. 35",
        f"{PROSE} Compare Miller, The Levy, pp. 35–40",
        f"{PROSE}\n\nSource: Miller, The Levy of the Year of Hunger and What Came of It, Ulm",
        f"{PROSE}\n\nThe levy is then l = r + s",
        f"{PROSE}\n\n- bread\n- peace\n- land",
        f"{PROSE}\n\n1. bread for all\n2. peace with the towns\n3. the land that was fenced in",
        f"{PROSE}\n\nIn solidarity",
        f"{PROSE}\n\n— Thomas Miller",
        f"{PROSE}\n\nThomas Miller",
        f"{PROSE}\n\n**Answer: 42**",
        f"{PROSE}\n\n-----",
        f"{PROSE}\n\n= = = = =",
        f"The Levy\n~~~~~~~~\n\n{PROSE}",
        f"{PROSE} They ran ```make bread```",
        f"{PROSE}\n\n```\nmake bread\n```",
        f"{PROSE}\n\n| year | levy |\n|---|---|\n| 1524 | 3 |",
        "The levy came down\non mill and town,\nthe council sat\nand that was that",
        "议会在三月开会。它提高了土地税。",
        "สภาประชุมในเดือนมีนาคม",
        "اجتمع المجلس في آذار. ورفع الضريبة.",
        f"{PROSE}\n\nThey asked the WHO.",
        f"{PROSE} That is the way :(" + ")",
    ],
)
def test_finished(text: str) -> None:
    assert cut_off(text) == FINISHED


def test_an_answer_that_never_sets_full_stops_has_not_forgotten_one() -> None:
    assert cut_off("yes the millers paid").certainty == 0
    assert cut_off(
        "the millers paid because the council had sent a bailiff to every single mill in the valley"
    )
    assert cut_off(f"{PROSE} the millers paid").certainty == LIKELY


@pytest.mark.parametrize(
    "end", [*" ,;:-(“'\"*`[#|>.$1a✊", "\n- a", "[x](a", "p. 1, ", "a@", "a.b", "#a ", "i 1 "]
)
def test_endless_ends_take_no_time(end: str) -> None:
    texts = (end * 12_000, end * 12_000 + "b", "b " + end * 12_000)
    assert quickest(lambda: [cut_off(text[:40_000]) for text in texts]) < 1
