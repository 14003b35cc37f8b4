"""Lexical substitution: a word for its opposite, for a broader word, a narrower one, or another of its kind.

The dictionaries lie beside this file: ``opposites.tsv`` and ``kinds.tsv`` (a general word and specific words
that exclude each other). What a substitution does to the truth of a sentence depends on where the word
stands: "no violin was heard" follows from "no instrument was heard", and not the other way round.
"""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from spacy.tokens import Doc, Span, Token

from reward_service.models.rewriting.rewrites import replace_tokens

_POS = {"noun": {"NOUN", "PROPN"}, "verb": {"VERB"}, "adj": {"ADJ"}, "adv": {"ADV"}, "prep": {"ADP", "SCONJ"}}
_NEGATIONS = {"not", "n't", "n’t", "no", "never", "without", "neither", "nor", "nobody", "hardly", "rarely"}
_SCOPES = {"all", "every", "each", "any", "if", "unless", "only", "few", "most", "least", "before", "whether"}
"""Words that turn the direction of entailment for some of what follows: such sentences are left alone."""
_VOWELS = tuple("aeiou")

Forms = Mapping[tuple[str, str], str]
"""(lemma, fine-grained tag) → the inflected word."""


@dataclass(frozen=True)
class Kinds:
    """``general`` maps a part of speech and a word to its broader words, ``special`` one to its narrower
    groups."""

    general: Mapping[tuple[str, str], tuple[str, ...]]
    groups: Mapping[tuple[str, str], tuple[str, ...]]


@cache
def opposites() -> Mapping[tuple[str, str], str]:
    """(part of speech, word) → its opposite, in both directions, from ``opposites.tsv``."""
    table: dict[tuple[str, str], str] = {}
    for pos, left, right in _rows("opposites.tsv"):
        table.setdefault((pos, left), right)
        table.setdefault((pos, right), left)
    return table


@cache
def kinds() -> Kinds:
    """The groups of ``kinds.tsv``."""
    general: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    groups: dict[tuple[str, str], tuple[str, ...]] = {}
    for pos, broad, specific in _rows("kinds.tsv"):
        words = tuple(specific.split(","))
        groups[(pos, broad)] = (*groups.get((pos, broad), ()), *words)
        for word in words:
            general[(pos, word)].append(broad)
    return Kinds({key: tuple(found) for key, found in general.items()}, groups)


def forms_of(docs: Iterable[Doc]) -> Forms:
    """The commonest inflected form of each lemma and tag in parsed texts."""
    counts: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    for doc in docs:
        for token in doc:
            if token.is_alpha and token.tag_[:2] in {"NN", "VB", "JJ", "RB"}:
                counts[(token.lemma_.lower(), token.tag_)][token.lower_] += 1
    return {key: found.most_common(1)[0][0] for key, found in counts.items()}


def opposite(sentence: Span, forms: Forms, rng: random.Random) -> str | None:
    """The sentence with one word replaced by its opposite: it can't be true beside the sentence.

    None under negations and quantifiers: "wages did not fall" stands well beside "wages did not rise".
    """
    table = opposites()
    if any(token.lower_ in _NEGATIONS | _SCOPES for token in sentence):
        return None
    choices = [
        (token, table[(pos, word)])
        for token in sentence
        for pos, word in _keys(token)
        if (pos, word) in table and token.dep_ != "neg"
    ]
    rng.shuffle(choices)
    return next((text for token, word in choices if (text := substitute(sentence, token, word, forms))), None)


@dataclass(frozen=True)
class Substitution:
    """A sentence in which one word became ``broader``, ``narrower``, or a ``sibling`` (another of its kind).

    ``negated``: the word stands under a negation, where broader and narrower change places.
    """

    text: str
    relation: str
    negated: bool
    token: Token
    word: str


def substitutions(sentence: Span, forms: Forms, rng: random.Random) -> Iterator[Substitution]:
    """One substitution of each relation that a sentence allows, if its quantifiers leave the direction
    clear."""
    lowered = [token.lower_ for token in sentence]
    if any(word in _SCOPES for word in lowered) or sum(word in _NEGATIONS for word in lowered) > 1:
        return
    table = kinds()
    choices: defaultdict[str, list[tuple[Token, str]]] = defaultdict(list)
    for token in sentence:
        for key in _keys(token):
            for broad in table.general.get(key, ()):
                if _takes_broader(token):
                    choices["broader"].append((token, broad))
                others = [word for word in table.groups[(key[0], broad)] if word != key[1]]
                choices["sibling"].append((token, rng.choice(others)))
            for narrow in rng.sample(table.groups.get(key, ()), min(1, len(table.groups.get(key, ())))):
                choices["narrower"].append((token, narrow))
    for relation, found in choices.items():
        token, word = rng.choice(found)
        text = substitute(sentence, token, word, forms)
        if text is not None:
            negated = any(other.lower_ in _NEGATIONS and other.i < token.i for other in sentence)
            if negated == any(word in _NEGATIONS for word in lowered):
                yield Substitution(text, relation, negated, token, word)


def substitute(sentence: Span, token: Token, word: str, forms: Forms) -> str | None:
    """The sentence with ``token`` replaced by the lemma ``word`` in the same inflection; None if it's
    unknown."""
    first, _, last = word.rpartition(" ")
    if token.tag_ in {"NN", "JJ", "RB", "IN", "NNP", "VB", "VBP"}:
        inflected = last
    elif (last, token.tag_) in forms:
        inflected = forms[(last, token.tag_)]
    elif token.tag_ in {"NNS", "NNPS"} and last.isalpha() and not last.endswith(("s", "x", "y", "f", "man")):
        inflected = last + "s"
    else:
        return None
    text = f"{first} {inflected}".strip()
    if token.tag_ == "NNP":
        text = text.title()
    elif token.text[:1].isupper():
        text = text[:1].upper() + text[1:]
    changes: dict[int | tuple[int, int], str] = {token.i: text}
    before = sentence.doc[token.i - 1] if token.i > sentence.start else None
    if before is not None and before.lower_ in {"a", "an"}:
        article = "an" if text[:1].lower() in _VOWELS else "a"
        changes[before.i] = article.capitalize() if before.text[:1].isupper() else article
    return replace_tokens(sentence, changes)


def _takes_broader(token: Token) -> bool:
    """Names and mass nouns would need another article."""
    if token.tag_ in {"NNP", "NNPS"}:
        return False
    return token.tag_ != "NN" or any(child.dep_ in {"det", "poss", "nummod"} for child in token.children)


def _keys(token: Token) -> Iterator[tuple[str, str]]:
    for pos, tags in _POS.items():
        if token.pos_ in tags:
            yield pos, token.lemma_.lower()


def _rows(name: str) -> Iterator[list[str]]:
    """The rows of a dictionary beside this file, without comments."""
    text = resources.files(__package__).joinpath(name).read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            yield line.split("\t")
