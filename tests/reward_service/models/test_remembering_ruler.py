"""The ruler that remembers finds the same as spaCy's own, on whatever text."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from spacy.attrs import TAG
from spacy.language import Language
from spacy.tokens import Doc

from reward_service.models.remembering_ruler import RememberingRuler
from reward_service.text import normalise
from tests.reward_service.models.test_annotator import AWKWARD, real_answers
from tests.support.timing import quickest

SPOKEN = (
    "y'all ain't gonna do nothin', c'mon let's go. I gotta say, you've had it! There's none; what'd they do?",
    "Who's that? That's so. While we wait, it is not to be. She didn't've. He 's been. i'm whatcha.\n\n  x",
)


@pytest.fixture(scope="module")
def ruler(nlp: Language) -> Any:
    return nlp.get_pipe("attribute_ruler")


def parsed(nlp: Language, texts: list[str]) -> list[Doc]:
    return list(nlp.pipe(texts, disable=["attribute_ruler", "lemmatizer", "ner"]))


def test_it_finds_what_the_ruler_finds(nlp: Language, ruler: Any) -> None:
    texts = [*SPOKEN, "", *real_answers(40), *(text.lower() for text in real_answers(10))]
    texts += [normalise(AWKWARD[name])[:3_000] for name in AWKWARD]
    remembering = RememberingRuler(ruler)
    for doc in parsed(nlp, texts):
        expected = ruler.match(doc)
        assert remembering.match(doc) == expected, "what it sees for the first time"
        assert remembering.match(doc) == expected, "what it remembers"


def test_it_is_quicker(nlp: Language, ruler: Any) -> None:
    docs = parsed(nlp, real_answers(20))
    remembering = RememberingRuler(ruler)

    def seconds(match: Callable[[Doc], object]) -> float:
        return quickest(lambda: [match(doc) for doc in docs], times=5)

    assert seconds(remembering.match) < 0.5 * seconds(ruler.match)


def test_a_missing_tag_is_no_unlisted_one(nlp: Language, ruler: Any) -> None:
    """Rules may say `NOT_IN` an empty value."""
    tagged, untagged = parsed(nlp, ["Alas !", "Alas !"])
    untagged.from_array([TAG], untagged.to_array([TAG]) * 0)
    remembering = RememberingRuler(ruler)
    for doc in (tagged, untagged):
        assert remembering.match(doc) == ruler.match(doc)
    assert ruler.match(tagged) != ruler.match(untagged)
