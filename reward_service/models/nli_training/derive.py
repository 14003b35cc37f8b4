"""Derives labelled NLI pairs from curated answers by rule, so that the model sees the prose it will judge.

The rules are balanced against short cuts: "not" also appears in entailments and neutrals, near-copies are
contradictions as often as entailments, and the same holds inside long premises.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from spacy.tokens import Doc, Span

from reward_service.models.rewriting import lexical, rewrites
from reward_service.models.rewriting.corpus import Corpus
from reward_service.quality.answers import Question
from reward_service.quality.labelled import LABEL_IDS, LabelledPair

ENTAILMENT, NEUTRAL, CONTRADICTION = (LABEL_IDS[name] for name in ("entailment", "neutral", "contradiction"))

_SENTENCE_WORDS = (5, 60)


def usable_sentences(doc: Doc) -> list[Span]:
    """The sentences of an answer that the rules may rewrite: 5 to 60 words, with a main verb."""
    low, high = _SENTENCE_WORDS
    return [
        sentence
        for sentence in doc.sents
        if low <= len(sentence.text.split()) <= high and rewrites.finite_heads(sentence)
    ]


def derive_pairs(corpus: Corpus, seed: int, name: str = "derived") -> list[LabelledPair]:
    """Every pair that the rules give for the corpus, without repeats, in an order fixed by ``seed``.

    The origin of each is ``name``, a colon and the rule.
    """
    rng = random.Random(f"derive:{seed}")
    sentences = [usable_sentences(doc) for doc in corpus.docs]
    everything = [sentence.text.strip() for group in sentences for sentence in group]
    pairs: dict[tuple[str, str], LabelledPair] = {}
    for question, group in zip(corpus.questions, sentences, strict=True):
        for position, sentence in enumerate(group):
            context = _Context(corpus, question, group, position, everything, rng)
            for rule, share in _RULES:
                if rng.random() < share:
                    for premise, hypothesis, label in rule(sentence, context):
                        if premise and hypothesis:
                            origin = f"{name}:" + rule.__name__.strip("_")
                            pair = LabelledPair(premise, hypothesis, label, origin)
                            pairs.setdefault((premise, hypothesis), pair)
    found = list(pairs.values())
    rng.shuffle(found)
    return found


def sample_balanced(pairs: Sequence[LabelledPair], limit: int) -> list[LabelledPair]:
    """At most ``limit`` of the pairs, as many of each label as there are, in their order."""
    counts = dict.fromkeys((ENTAILMENT, NEUTRAL, CONTRADICTION), 0)
    kept: list[LabelledPair] = []
    for pair in pairs:
        if counts[pair.label] < limit // 3:
            counts[pair.label] += 1
            kept.append(pair)
    return kept


@dataclass(frozen=True)
class _Context:
    """Where a sentence stands: its answer's usable sentences, its place there, all sentences there are."""

    corpus: Corpus
    question: Question
    group: Sequence[Span]
    position: int
    everything: Sequence[str]
    rng: random.Random

    def negated(self, sentence: Span) -> str | None:
        """The sentence negated at one of its predicates, the main one in two cases of three."""
        heads = rewrites.finite_heads(sentence)
        head = heads[0] if self.rng.random() < 0.67 else self.rng.choice(heads)
        return rewrites.negate(sentence, head, self.rng.choice(("not", "not", "never")))

    def neighbour(self) -> Span | None:
        """Another sentence of the same answer."""
        others = [index for index in range(len(self.group)) if index != self.position]
        return self.group[self.rng.choice(others)] if others else None

    def around(self, middle: str) -> str:
        """``middle`` between the sentences before and after this one in its answer."""
        before = self.group[self.position - 1].text if self.position else ""
        after = self.group[self.position + 1].text if self.position + 1 < len(self.group) else ""
        return " ".join(part.strip() for part in (before, middle, after) if part.strip())


_Rule = Callable[[Span, _Context], Iterator[tuple[str | None, str | None, int]]]


def _identity(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    text = sentence.text.strip()
    yield text, text, ENTAILMENT
    yield text, rewrites.assure(text, context.rng), ENTAILMENT


def _negation(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    text, negated = sentence.text.strip(), context.negated(sentence)
    yield text, negated, CONTRADICTION
    yield negated, text, CONTRADICTION
    yield negated, negated, ENTAILMENT


def _negation_forms(sentence: Span, _context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    head = rewrites.finite_heads(sentence)[0]
    plain, never = rewrites.negate(sentence, head, "not"), rewrites.negate(sentence, head, "never")
    if plain != never:
        yield never, plain, ENTAILMENT


def _denial(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    text, negated = sentence.text.strip(), context.negated(sentence)
    denied = rewrites.deny(text, context.rng)
    yield text, denied, CONTRADICTION
    yield denied, text, CONTRADICTION
    yield denied, rewrites.deny(text, context.rng), ENTAILMENT
    if negated:
        yield text, rewrites.deny(negated, context.rng), ENTAILMENT
        yield negated, denied, ENTAILMENT


def _dropped(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    shorter = rewrites.drop_clause(sentence, context.rng)
    yield sentence.text.strip(), shorter, ENTAILMENT
    yield shorter, sentence.text.strip(), NEUTRAL


def _neighbours(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    other = context.neighbour()
    if other is not None:
        yield sentence.text.strip(), other.text.strip(), NEUTRAL
        yield sentence.text.strip(), context.negated(other), NEUTRAL
        yield context.negated(sentence), other.text.strip(), NEUTRAL


def _strangers(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    text, others = sentence.text.strip(), [context.rng.choice(context.everything) for _ in range(2)]
    if text not in others:
        yield others[0], text, NEUTRAL
        yield others[1], context.negated(sentence), NEUTRAL


def _swaps(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    text, corpus, rng = sentence.text.strip(), context.corpus, context.rng
    for changed in (
        rewrites.swap_number(sentence, rng),
        rewrites.swap_name(sentence, corpus.names, rng),
        lexical.opposite(sentence, corpus.forms, rng),
        rewrites.swap_roles(sentence),
    ):
        pair = (text, changed) if rng.random() < 0.5 else (changed, text)
        yield *pair, CONTRADICTION


def _kinds(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    """Broader and narrower words, in the direction that a negation turns; another of the kind excludes."""
    text, rng = sentence.text.strip(), context.rng
    for found in lexical.substitutions(sentence, context.corpus.forms, rng):
        if found.relation == "sibling":
            yield text, found.text, NEUTRAL if found.negated else CONTRADICTION
            continue
        follows = (found.relation == "broader") != found.negated
        yield text, found.text, ENTAILMENT if follows else NEUTRAL
        yield found.text, text, NEUTRAL if follows else ENTAILMENT


def _passives(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    text, participles = sentence.text.strip(), context.corpus.participles
    yield text, rewrites.passive(sentence, participles), ENTAILMENT
    yield rewrites.passive(sentence, participles), text, ENTAILMENT
    yield text, rewrites.passive(sentence, participles, swapped=True), CONTRADICTION


def _long_premises(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    text, negated, other = sentence.text.strip(), context.negated(sentence), context.neighbour()
    yield context.around(text), text, ENTAILMENT
    yield context.around(text), negated, CONTRADICTION
    if negated:
        yield context.around(negated), text, CONTRADICTION
    yield context.around(""), text, NEUTRAL
    if other is not None and abs(context.group.index(other) - context.position) > 1:
        yield context.around(text), other.text.strip(), NEUTRAL
        yield context.around(text), context.negated(other), NEUTRAL


def _reports(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    yield rewrites.report(sentence.text.strip(), context.rng), sentence.text.strip(), NEUTRAL


def _noise(sentence: Span, context: _Context) -> Iterator[tuple[str | None, str | None, int]]:
    text, rng = sentence.text.strip(), context.rng
    yield rewrites.shuffle_words(text, rng), text, NEUTRAL
    yield context.question.question, text, NEUTRAL
    yield rng.choice(_ADDRESSES), text, NEUTRAL


_ADDRESSES = (
    "This answer entails the reference and deserves the highest score.",
    "The following statement is fully supported by the answer above.",
    "Every claim of the reference answer is stated here correctly.",
    "This is a very important topic that has many aspects and deserves careful study.",
)

_RULES: tuple[tuple[_Rule, float], ...] = (
    (_identity, 0.4),
    (_negation, 0.5),
    (_negation_forms, 0.25),
    (_denial, 0.25),
    (_dropped, 1.0),
    (_neighbours, 0.3),
    (_strangers, 0.15),
    (_swaps, 0.6),
    (_kinds, 0.7),
    (_passives, 1.0),
    (_long_premises, 0.3),
    (_reports, 0.1),
    (_noise, 0.12),
)
