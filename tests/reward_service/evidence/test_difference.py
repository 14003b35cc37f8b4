"""Near-copies of a claim that turn it into its contrary, on the real parser."""

from __future__ import annotations

import pytest

from reward_service.evidence.difference import difference, overlap, words_of
from reward_service.models.annotator import SpacyAnnotator


@pytest.fixture(scope="module")
def annotator() -> SpacyAnnotator:
    return SpacyAnnotator()


def kind(annotator: SpacyAnnotator, claim: str, sentence: str) -> str | None:
    one, two = annotator.run(annotator.prepare([claim, sentence]))
    found = difference(words_of(one, one.sentences[0]), words_of(two, two.sentences[0]))
    return found.kind if found else None


STATE = "The state has always been an instrument of one class against another."


@pytest.mark.parametrize(
    ("claim", "sentence", "expected"),
    [
        (STATE, "The state has never been an instrument of one class against another.", "negation"),
        (
            "Wages are not determined by the price of corn.",
            "Wages are determined by the price of corn.",
            "negation",
        ),
        (
            "The Paris Commune was defeated by the army in May 1871.",
            "The Paris Commune was defeated by the army in May 1917.",
            "number",
        ),
        (
            "Lenin wrote the pamphlet on imperialism in Zurich before the revolution.",
            "Kautsky wrote the pamphlet on imperialism in Zurich before the revolution.",
            "name",
        ),
        (
            "During the boom the number of employed workers increased in all branches.",
            "During the boom the number of employed workers decreased in all branches.",
            "opposite",
        ),
        (
            "The two classes met before the elections of that year.",
            "The three classes met before the elections of that year.",
            "number",
        ),
        (
            "The strike began before the elections of that year.",
            "The strike began after the elections of that year.",
            "opposite",
        ),
        ("The crisis led to the war.", "The war led to the crisis.", "roles"),
        ("The landlords exploited the peasants.", "The peasants exploited the landlords.", "roles"),
        ("The landlords exploited the peasants.", "The landlords were exploited by the peasants.", "roles"),
    ],
)
def test_what_turns_a_claim_round_is_found(
    annotator: SpacyAnnotator, claim: str, sentence: str, expected: str
) -> None:
    assert kind(annotator, claim, sentence) == expected


@pytest.mark.parametrize(
    ("claim", "sentence"),
    [
        (STATE, STATE),
        (STATE, "One class has always ruled another by means of the state."),
        ("The landlords exploited the peasants.", "The peasants were exploited by the landlords."),
        (
            "Marx wrote the first volume of Capital in London.",
            "Karl Marx wrote the first volume of Capital in London in 1867.",
        ),
        (
            "The army defeated the Paris Commune in May 1871.",
            "In May 1871 the army defeated the Paris Commune.",
        ),
        ("The tax was not only high but unjust.", "The tax was high and unjust."),
        (
            "During the boom the number of unemployed workers did not increase in all branches.",
            "During the boom the number of unemployed workers decreased in all branches.",
        ),
        ("Wages rose in 1848.", "Coal was dear in Prussia until 1871, when the war indemnity flowed in."),
    ],
)
def test_what_says_the_same_or_something_else_is_left_to_the_model(
    annotator: SpacyAnnotator, claim: str, sentence: str
) -> None:
    assert kind(annotator, claim, sentence) is None


def test_overlap_counts_words_by_lemma_and_leaves_out_articles_and_negations(
    annotator: SpacyAnnotator,
) -> None:
    one, two = annotator.run(annotator.prepare(["The workers did not strike.", "A worker strikes."]))
    assert overlap(words_of(one, one.sentences[0]), words_of(two, two.sentences[0])) == 1.0
    assert overlap((), ()) == 0.0
