"""Rewrites one parsed sentence so that its relation to the original is known by rule.

Every function takes a spaCy sentence and returns the rewritten text, or None where its rule does not apply.
The rules are meant to be right for most sentences, not all: they make training data, never a verdict.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from spacy.tokens import Span, Token

_MODALS = {"can", "could", "may", "might", "must", "shall", "should", "will", "would"}
_COPULAS = {"is", "are", "was", "were", "am", "'s", "’s", "'re", "’re"}
_HAVE = {"has", "have", "had"}
_DO = {"does", "do", "did"}
_FOCUS = {"only", "just", "merely", "simply", "even", "solely"}
_FINITE_TAGS = {"VBZ", "VBP", "VBD"}
_DROPPABLE = {"relcl", "appos", "advcl", "prep", "advmod", "npadvmod", "parataxis"}
_CONDITIONS = {
    *("if", "unless", "whether", "when", "where", "until", "without", "except", "not", "only", "like"),
}
_DOWNWARD = {"no", "all", "every", "any", "only", "if"}
_DENIALS = (
    "It is false that {}",
    "It is not true that {}",
    "It is wrong to say that {}",
    "It is a mistake to believe that {}",
    "It is simply not the case that {}",
    "Nobody can seriously maintain that {}",
)
_ASSURANCES = ("It is true that {}", "It is the case that {}", "In fact, {}", "It is a fact that {}")
_REPORTS = (
    "Some critics claim that {}",
    "Its opponents say that {}",
    "It is sometimes supposed that {}",
    "A few writers have wondered whether {}",
    "According to one disputed account, {}",
)


def finite_heads(sentence: Span) -> list[Token]:
    """The finite predicates of a sentence that can be negated, the main one first."""
    if sentence.text.rstrip().endswith("?"):
        return []
    others = (token for token in sentence if token.dep_ in {"conj", "ccomp"} and token != sentence.root)
    heads = [sentence.root, *(token for token in others if token.dep_ == "conj" or _has_subject(token))]
    return [head for head in heads if _finite_token(head) is not None]


def negate(sentence: Span, head: Token, form: str = "not") -> str | None:
    """The sentence with its predicate ``head`` negated by ``form``, "not" or "never"; if negated, without."""
    negation = next((child for child in head.children if child.dep_ == "neg"), None)
    if negation is not None:
        follower = sentence.doc[negation.i + 1].lower_ if negation.i + 1 < sentence.end else ""
        plain = negation.lower_ in {"not", "never"} and follower not in _FOCUS
        return replace_tokens(sentence, {negation.i: ""}) if plain else None
    finite = _finite_token(head)
    if finite is None:
        return None
    word = finite.lower_
    if form == "never" and word in _DO:
        return None
    if word in _MODALS | _COPULAS | _HAVE | _DO and (finite != head or word in _COPULAS):
        joined = "cannot" if word == "can" and form == "not" else f"{finite.text} {form}"
        return replace_tokens(sentence, {finite.i: joined})
    if form == "never":
        return replace_tokens(sentence, {head.i: f"never {head.text}"})
    helper = {"VBZ": "does", "VBP": "do", "VBD": "did"}[finite.tag_]
    return replace_tokens(sentence, {head.i: f"{helper} not {head.lemma_}"})


def negate_main(sentence: Span) -> str | None:
    """The sentence with its main predicate negated; None where `negate` knows no way."""
    heads = finite_heads(sentence)
    return negate(sentence, heads[0]) if heads else None


def drop_clause(sentence: Span, rng: random.Random) -> str | None:
    """The sentence without one modifier set off by commas or without one trailing co-ordinated predicate.

    Sentences with negations, conditions or universal quantifiers are left alone: it is no entailment there.
    """
    if any(token.dep_ == "neg" or token.lower_ in _DOWNWARD for token in sentence):
        return None
    choices: list[tuple[int, int]] = []
    for token in sentence:
        start, end = token.left_edge.i, token.right_edge.i + 1
        inside = sentence.start <= start and end <= sentence.end
        if not inside or not 2 <= end - start <= len(sentence) * 0.7:
            continue
        before = sentence.doc[start - 1].text if start > sentence.start else ""
        after = sentence.doc[end].text if end < sentence.end else ""
        if token.dep_ in _DROPPABLE and sentence.doc[start].lower_ not in _CONDITIONS:
            if before in {",", "(", "-", "–", "—"} and after in {",", ".", ")", "-", "–", "—", ";"}:
                choices.append((start - 1, end + 1 if after not in {".", ";"} else end))
            elif not before and after == ",":
                choices.append((start, end + 1))
        elif token.dep_ == "conj" and token.head == sentence.root and after in {".", "!"}:
            links = [child.i for child in token.head.children if child.dep_ == "cc" and child.i < start]
            if links:
                cut = links[-1] - 1 if sentence.doc[links[-1] - 1].text == "," else links[-1]
                choices.append((cut, end))
    if not choices:
        return None
    start, end = rng.choice(choices)
    shorter = replace_tokens(sentence, dict.fromkeys(range(start, end), ""))
    return shorter if len(shorter.split()) >= 4 else None


def swap_roles(sentence: Span) -> str | None:
    """The sentence with subject and direct object of its main verb exchanged."""
    subject, item = _arguments(sentence)
    if subject is None or item is None:
        return None
    return replace_tokens(sentence, {subject: _phrase(sentence, item), item: _phrase(sentence, subject)})


def passive(sentence: Span, participles: Mapping[str, str], swapped: bool = False) -> str | None:
    """Turn "X verbs Y" into "Y is verbed by X" (same meaning), or "X is verbed by Y" (``swapped``: reversed).

    ``participles`` maps a lemma to its past participle. None for negated, auxiliary or pronominal clauses.
    """
    root = sentence.root
    subject, item = _arguments(sentence)
    if subject is None or item is None or root.lemma_ not in participles or root.tag_ not in _FINITE_TAGS:
        return None
    if any(child.dep_ in {"aux", "neg", "dative", "prt"} for child in root.children):
        return None
    first, second = (subject, item) if swapped else (item, subject)
    head = sentence.doc[first[0] : first[1]].root
    plural = head.tag_ in {"NNS", "NNPS"} or any(child.dep_ == "conj" for child in head.children)
    past = root.tag_ == "VBD"
    be = ("were" if past else "are") if plural else ("was" if past else "is")
    verb = f"{be} {participles[root.lemma_]} by"
    changes: dict[int | tuple[int, int], str] = {
        subject: _phrase(sentence, first),
        (root.i, root.i + 1): verb,
        item: _phrase(sentence, second),
    }
    return replace_tokens(sentence, changes)


def swap_number(sentence: Span, rng: random.Random) -> str | None:
    """The sentence with one number in digits changed: years by up to forty, others by a factor."""
    found = [token for token in sentence if token.text.isdigit() and 1 < int(token.text) < 10**9]
    if not found:
        return None
    token = rng.choice(found)
    value = int(token.text)
    if 1000 <= value <= 2100:
        changed = value + rng.choice((-1, 1)) * rng.randint(3, 40)
    else:
        changed = max(1, round(value * rng.choice((0.4, 0.5, 1.7, 2.0, 3.0)))) + (1 if value < 4 else 0)
    return replace_tokens(sentence, {token.i: str(changed)}) if changed != value else None


def swap_name(sentence: Span, names: Mapping[str, Sequence[str]], rng: random.Random) -> str | None:
    """The sentence with one named person, place or group replaced by another of ``names`` (label → names)."""
    found = [entity for entity in sentence.ents if entity.label_ in names and entity.text[0].isupper()]
    if not found:
        return None
    entity = rng.choice(found)
    others = [name for name in names[entity.label_] if name not in sentence.text and entity.text not in name]
    return replace_tokens(sentence, {(entity.start, entity.end): rng.choice(others)}) if others else None


def deny(text: str, rng: random.Random) -> str:
    """Put "It is false that …" or its kin around a sentence."""
    return rng.choice(_DENIALS).format(uncapital(text))


def assure(text: str, rng: random.Random) -> str:
    """Put "It is true that …" or its kin around a sentence: the same claim."""
    return rng.choice(_ASSURANCES).format(uncapital(text))


def report(text: str, rng: random.Random) -> str:
    """Put "Some critics claim that …" or its kin around a sentence: a view, no claim."""
    return rng.choice(_REPORTS).format(uncapital(text))


def shuffle_words(text: str, rng: random.Random) -> str:
    """The words of a text in random order."""
    words = text.split()
    rng.shuffle(words)
    return " ".join(words)


def replace_tokens(sentence: Span, changes: Mapping[int | tuple[int, int], str]) -> str:
    """The sentence's text with token ranges (or single tokens) replaced; an empty text removes them."""
    starts = {(key, key + 1) if isinstance(key, int) else key: text for key, text in changes.items()}
    begin = {bounds[0]: (bounds[1], text) for bounds, text in starts.items()}
    parts: list[str] = []
    index = sentence.start
    while index < sentence.end:
        end, text = begin.get(index, (index + 1, sentence.doc[index].text))
        blank = sentence.doc[end - 1].whitespace_
        if text:
            parts.append(text + blank)
        elif parts and not parts[-1].endswith(" "):
            parts[-1] += blank
        index = end
    whole = " ".join("".join(parts).split())
    whole = whole.replace(" ,", ",").replace(" .", ".").replace(",.", ".").lstrip(", ")
    return whole[:1].upper() + whole[1:]


def _finite_token(head: Token) -> Token | None:
    """The word that carries tense for a predicate: its first finite auxiliary or the verb itself."""
    for child in head.children:
        if child.dep_ in {"aux", "auxpass"} and child.lower_ in _MODALS | _COPULAS | _HAVE | _DO:
            return child
    return head if head.tag_ in _FINITE_TAGS and head.lemma_ not in {"have", "do"} else None


def _has_subject(head: Token) -> bool:
    return any(child.dep_ in {"nsubj", "nsubjpass", "expl", "csubj"} for child in head.children)


def _arguments(sentence: Span) -> tuple[tuple[int, int] | None, tuple[int, int] | None]:
    """The token ranges of the main verb's subject and direct object; None for none or a pronoun."""
    ranges: dict[str, tuple[int, int]] = {}
    for child in sentence.root.children:
        if child.dep_ in {"nsubj", "dobj"} and child.pos_ in {"NOUN", "PROPN"}:
            ranges[child.dep_] = (child.left_edge.i, child.right_edge.i + 1)
    return ranges.get("nsubj"), ranges.get("dobj")


def _phrase(sentence: Span, bounds: tuple[int, int]) -> str:
    """A phrase's text as it stands in the middle of a sentence."""
    text = sentence.doc[bounds[0] : bounds[1]].text
    return text if sentence.doc[bounds[0]].pos_ == "PROPN" else uncapital(text)


def uncapital(text: str) -> str:
    """The text with its first letter small where it starts with a common word: "USA" and "Lenin's" stay."""
    first = text.split(" ", 1)[0]
    shouted = len(first) > 1 and first.isupper()
    return text[:1].lower() + text[1:] if first.casefold() in _SMALL_STARTS and not shouted else text


_COMMON_WORDS = """
the a an this that these those it its they their he his she her we our in on at by for from with
without as when while if although though because since after before under through both each all some
many most no every such what who which how there here to not only even instead thus hence therefore
however moreover rather between among during within more less few several people nothing everything
"""
_SMALL_STARTS = frozenset(_COMMON_WORDS.split())
