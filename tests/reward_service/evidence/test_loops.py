"""What goes round in loops, and what only comes back."""

from __future__ import annotations

import random

import pytest

from reward_service.evidence.loops import NO_LOOPS, loops_of
from tests.support.timing import quickest

PROSE = (
    "Rent is paid for land that nobody made. The owner of a field draws it because the field is his, "
    "not because he "
    "works there. When the price of corn rises, poorer soil comes under the plough, and the better "
    "fields yield more "
    "than it costs to till them. That surplus falls to whoever holds the deed. A tenant who drains a "
    "marsh therefore "
    "improves what belongs to another, and at the end of his lease he pays for his own labour."
)
CYCLES = [
    ("stutter", f"{PROSE} The tenant pays the the the the the the the the the the the the the the the."),
    ("one word", "wage " * 40),
    ("pairs", f"{PROSE} {'of the ' * 30}"),
    ("phrase", f"{PROSE} {'and so the rent goes up ' * 12}"),
    ("sentence", PROSE + " The deed decides." * 20),
    ("long sentence", PROSE + " The owner of the mine next door had the same thought about his tenants." * 5),
    ("paragraph", f"{PROSE}\n\n{PROSE}\n\n{PROSE}"),
    (
        "numbers",
        "".join(f"In {1900 + n} the rent of the farm rose by {n} shillings again. " for n in range(30)),
    ),
    ("list", "\n\n".join(["Land", "Rent", "Corn", "Leases"] * 10)),
    ("without spaces", f"{PROSE} {'rent' * 60}"),
    ("marks", f"{PROSE} {'!' * 300}"),
    ("Chinese", "地租是土地所有权的实现。" * 12),
]


@pytest.mark.parametrize("text", [text for _, text in CYCLES], ids=[name for name, _ in CYCLES])
def test_loops(text: str) -> None:
    loops = loops_of(text)

    assert loops.share > 0.1
    assert loops.in_a_row >= 8 or loops.share > 0.2
    assert loops.worst is not None
    assert 0 <= loops.worst.start < loops.worst.end <= len(text)
    assert loops.worst.times >= 2


def test_few_words_in_no_order_are_a_loop() -> None:
    rng = random.Random(4)
    words = rng.choices(["rent", "land", "tenant", "lease", "corn", "owner"], k=120)

    assert loops_of(" ".join(words)).share > 0.8


def test_one_word_among_all_others_is_crowded() -> None:
    words = [word for pair in zip(PROSE.split(), ["rent"] * 80, strict=False) for word in pair]

    assert loops_of(" ".join(words)).share > 0.3


@pytest.mark.parametrize(
    "text",
    [
        PROSE,
        "",
        "No.",
        "Ground rent and absolute rent differ. Absolute rent is paid even for the worst land. Ground "
        "rent of the first "
        "kind depends on fertility, ground rent of the second kind on capital laid out.",
        "First, the land is enclosed. Second, the cottagers lose the common. Third, they look for "
        "work in town. "
        "Fourth, the town has none.",
        "They went for bread. They went for peace. They went for land. What they found was war, and "
        "what they lost "
        "was bread.",
        "Every tenant has the right to notice. Every owner has the right to payment. Every court has "
        "the duty to hear "
        "both. Nobody has the right to force.",
        "In 1846 the corn laws fell, in 1848 the crowns, in 1849 hope, and in 1851 the republic.",
        "See https://example.org/levy/1525/a and https://example.org/levy/1525/b and https://example.org/levy.",
        "12 14 16 18 20 22 24 26 28 30 32 34",
        "It is what it is, and that that is, is.",
        "Chapter one .......................... 3\nChapter two .......................... 9",
        "Name: ______________________",
    ],
)
def test_prose_is_none(text: str) -> None:
    assert loops_of(text) == NO_LOOPS


def test_a_definition_taken_up_again_counts_half() -> None:
    definition = "Rent is the part of the surplus that falls to the owner of land."
    loops = loops_of(f"{definition} {PROSE} To say it once more: {definition}")

    assert loops.worst is not None
    assert loops.worst.text == definition.rstrip(".")
    assert loops.worst.times == 2
    assert loops.amount == 14 / 2
    assert loops.share < 0.1


def test_a_refrain_stays_low() -> None:
    verses = (
        "The squire has fenced the common in,\nmy geese have lost their green,\nand where we used "
        "to dig and spin\n"
        "a single sheep is seen",
        "The parson prays for those who pay,\nthe clerk writes down the sum,\nand I who mowed the "
        "squire his hay\n"
        "may wait till better come",
        "But fences rot and parsons die,\nand ink will fade like snow,\nthe geese will know the reason why\n"
        "and where they have to go",
    )
    refrain = "Pull it down, pull it down,\nsaid the goose to the town"

    assert loops_of(f"\n{refrain}\n\n".join((*verses, ""))).share < 0.15


def test_the_worst_stretch_tells_where_what_and_how_often() -> None:
    text = f"{PROSE} The deed decides. The deed decides. The deed decides. The deed decides. So be it."
    worst = loops_of(text).worst

    assert worst is not None
    assert (worst.text, worst.times) == ("The deed decides", 4)
    assert text[worst.start : worst.end] == "The deed decides. The deed decides. The deed decides"
    assert worst.start > text.index("The deed decides")


def test_a_run_of_characters_is_told_as_such() -> None:
    worst = loops_of("Rent. " + "ab" * 50).worst

    assert worst is not None
    assert (worst.text, worst.times, worst.start, worst.end) == ("ab", 50, 8, 106)


def test_changed_numbers_count_a_quarter() -> None:
    same = loops_of("The rent of the farm rose by 5 shillings again. " * 10)
    changed = loops_of(" ".join(f"The rent of the farm rose by {n} shillings again." for n in range(10)))

    assert changed.share == pytest.approx(same.share / 4, abs=0.01)
    assert changed.in_a_row == 0 < same.in_a_row


@pytest.mark.parametrize(
    "text",
    [
        "a " * 20_000,
        "a" * 40_000,
        "ab c" * 10_000,
        "The state withers away. " * 1_700,
        "\n" * 40_000,
        " ".join(str(number) for number in range(8_000)),
        " ".join(random.Random(1).choices(PROSE.split(), k=7_000)),
        "".join(random.Random(1).choices("ab ", k=40_000)),
        ". , " * 10_000,
    ],
    ids=range(9),
)
def test_forty_thousand_characters_take_no_time(text: str) -> None:
    assert quickest(lambda: loops_of(text[:40_000])) < 1
