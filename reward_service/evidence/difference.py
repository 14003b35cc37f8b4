"""Where a near-copy of a claim differs in what decides its truth: negation, opposite, number, name, roles.

A sentence that repeats a claim word for word but for "not", for 1871 in place of 1917, or for subject and
object exchanged, contradicts it, and a small NLI model often fails to notice.  What is compared here is the
syntax of both sentences; a sentence in other words is left to the NLI model.  Pure: reads documents only.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Literal, NamedTuple

from reward_service.lexicons.antonyms import antonyms
from reward_service.remembered import remembered
from reward_service.types import Document, Span, Token

NEAR_COPY = 0.75
"""Dice overlap of the words of two sentences from which one is a near-copy of the other."""
SAME_ACTORS = 0.55
"""The same where both have the same verb and its two actors in common."""

_NEGATIONS = frozenset(
    [
        "not",
        "n't",
        "n’t",
        "never",
        "no",
        "cannot",
        "neither",
        "nor",
        "nobody",
        "nothing",
        "none",
        "hardly",
        "scarcely",
        "barely",
        "rarely",
        "seldom",
    ]
)
_FOCUS = frozenset(["only", "just", "merely", "simply", "solely", "even"])
_ARTICLES = frozenset(["the", "a", "an"])
_HELPERS = frozenset(["do", "not", "never", "n't", "n’t"])
_OPPOSITES = """
after before, with without, always sometimes, all some, many few, most few, over under, above below,
inside outside, for against, because although, because despite
"""
_FUNCTION_OPPOSITES = frozenset(frozenset(pair.split()) for pair in _OPPOSITES.split(","))
"""Words that WordNet leaves out since they aren't nouns, verbs, adjectives or adverbs."""
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_PREDICATES = frozenset({"VERB", "AUX", "ADJ"})
_NAMED = frozenset({"PERSON", "NORP", "GPE", "LOC", "FAC", "ORG"})

Kind = Literal["negation", "opposite", "number", "name", "roles"]


class Difference(NamedTuple):
    """What a near-copy changes."""

    kind: Kind
    said: str
    """What the sentence has …"""
    for_: str
    """… where the claim has this; either may be empty."""
    overlap: float
    """Dice overlap of the words of both sentences, 0 … 1."""

    def evidence(self) -> dict[str, Any]:
        """As plain JSON values."""
        return {"in": self.kind, "said": self.said, "for": self.for_, "overlap": round(self.overlap, 4)}


class Word(NamedTuple):
    """A word of a sentence."""

    lemma: str
    """Lower case."""
    token: Token
    head: int
    """Index of its head among the sentence's words; its own for a root; −1 for a head that is no word."""
    named: bool
    """It belongs to the name of a person, people, place or organisation."""


@remembered
def words_of(document: Document, span: Span) -> tuple[Word, ...]:
    """The words of a sentence, without punctuation."""
    inside = [
        index
        for index in range(span.first, span.last)
        if any(char.isalnum() for char in document.tokens[index].text)
    ]
    places = {index: place for place, index in enumerate(inside)}
    named = {
        index
        for entity in document.entities
        if entity.label in _NAMED and span.first <= entity.first < span.last
        for index in range(entity.first, entity.last)
    }
    return tuple(
        Word(
            document.tokens[index].lemma.casefold(),
            document.tokens[index],
            places.get(document.tokens[index].head, -1),
            index in named,
        )
        for index in inside
    )


def overlap(claim: Sequence[Word], sentence: Sequence[Word]) -> float:
    """Dice overlap of two sentences' words by lemma, without articles and the words that negate, 0 … 1."""
    one, two = (Counter(word.lemma for word in words if _counts(word)) for words in (claim, sentence))
    size = one.total() + two.total()
    return 2 * (one & two).total() / size if size else 0.0


def difference(claim: Sequence[Word], sentence: Sequence[Word]) -> Difference | None:
    """What makes the sentence a false copy of the claim; None where it is no near-copy or says the same."""
    shared = overlap(claim, sentence)
    if shared < SAME_ACTORS:
        return None
    if found := _swapped(claim, sentence):
        return Difference("roles", *found, shared)
    if shared < NEAR_COPY:
        return None
    if found := _opposite(claim, sentence):
        # "did not fall" for "rose" is no contradiction
        agree = (_negated(claim).total() - _negated(sentence).total()) % 2 == 0
        return Difference("opposite", *found, shared) if agree else None
    if found := _negation(claim, sentence):
        return Difference("negation", *found, shared)
    if found := _exchanged(_numbers(claim), _numbers(sentence), claim, sentence):
        return Difference("number", *found, shared)
    if found := _exchanged(_names(claim), _names(sentence), claim, sentence):
        return Difference("name", *found, shared)
    return None


def _counts(word: Word) -> bool:
    return word.lemma not in _ARTICLES and word.lemma not in _HELPERS


def _negation(ours: Sequence[Word], theirs: Sequence[Word]) -> tuple[str, str] | None:
    """A predicate that stands in both, equally often, and is negated in one more often than in the other."""
    there, here = _negated(ours), _negated(theirs)
    counts, others = (Counter(word.lemma for word in words) for words in (ours, theirs))
    for lemma in dict.fromkeys([*here, *there]):
        if not counts[lemma] or counts[lemma] != others[lemma]:
            continue
        if here[lemma] > there[lemma]:
            return f"not {lemma}", lemma
        if there[lemma] > here[lemma]:
            return lemma, f"not {lemma}"
    return None


def _opposite(ours: Sequence[Word], theirs: Sequence[Word]) -> tuple[str, str] | None:
    """A word of the claim that is missing in the sentence, which has its antonym instead."""
    lost = Counter(word.lemma for word in ours) - Counter(word.lemma for word in theirs)
    new = Counter(word.lemma for word in theirs) - Counter(word.lemma for word in ours)
    table = antonyms()
    return next(
        (
            (other, word)
            for word in lost
            for other in new
            if other in table.get(word, ()) or frozenset((word, other)) in _FUNCTION_OPPOSITES
        ),
        None,
    )


def _negated(words: Sequence[Word]) -> Counter[str]:
    """Lemma of a predicate → how often it is negated."""
    found: Counter[str] = Counter()
    for place, word in enumerate(words):
        follows = words[place + 1].token.text.casefold() if place + 1 < len(words) else ""
        if word.token.text.casefold() not in _NEGATIONS or follows in _FOCUS or word.head < 0:
            continue
        head = words[word.head]
        if head.token.pos in _PREDICATES:
            found[head.lemma] += 1
    return found


def _numbers(words: Sequence[Word]) -> set[str]:
    return {
        word.token.text.casefold()
        for word in words
        if _NUMBER.fullmatch(word.token.text) or word.token.pos == "NUM"
    }


def _names(words: Sequence[Word]) -> set[str]:
    return {
        word.token.text
        for word in words
        if word.named and len(word.token.text) > 2 and word.token.text[0].isupper()
    }


def _exchanged(
    ours: set[str], theirs: set[str], claim: Sequence[Word], sentence: Sequence[Word]
) -> tuple[str, str] | None:
    """What the sentence has in place of what the claim has; None where one only leaves something out."""
    lost = sorted(_missing(ours, sentence))
    new = sorted(_missing(theirs, claim))
    return (", ".join(new), ", ".join(lost)) if lost and new else None


def _missing(wanted: set[str], words: Sequence[Word]) -> Iterator[str]:
    """Those that stand nowhere in a sentence, not even as a part of a longer word or an abbreviation."""
    there = {form for word in words for form in (word.token.text.casefold(), word.lemma)}
    for text in wanted:
        folded = text.casefold()
        parts = (folded.startswith(other) or other.startswith(folded) for other in there if len(other) > 2)
        if folded not in there and not any(parts):
            yield text


def _swapped(ours: Sequence[Word], theirs: Sequence[Word]) -> tuple[str, str] | None:
    """Two actors of a verb that stand in both, each in the other's place."""
    there = set(_actions(ours))
    for verb, subject, item in _actions(theirs):
        if subject != item and (verb, item, subject) in there:
            return f"{subject} {verb} {item}", f"{item} {verb} {subject}"
    return None


def _actions(words: Sequence[Word]) -> Iterator[tuple[str, str, str]]:
    """(verb, who does it, to whom), by lemma, with "lead to" for a verb and passives turned round."""
    below: dict[int, list[int]] = {}
    for place, word in enumerate(words):
        if word.head not in (-1, place):
            below.setdefault(word.head, []).append(place)
    for place, word in enumerate(words):
        parts = below.get(place, [])
        if word.token.pos != "VERB":
            continue
        by = {words[part].token.dep: part for part in parts}
        if "nsubj" in by and "dobj" in by:
            yield word.lemma, words[by["nsubj"]].lemma, words[by["dobj"]].lemma
        for part in parts:
            item = next((p for p in below.get(part, []) if words[p].token.dep == "pobj"), None)
            if item is None:
                continue
            if words[part].token.dep == "agent" and "nsubjpass" in by:
                yield word.lemma, words[item].lemma, words[by["nsubjpass"]].lemma
            elif words[part].token.dep == "prep" and "nsubj" in by:
                yield f"{word.lemma} {words[part].lemma}", words[by["nsubj"]].lemma, words[item].lemma
