"""A crude parser for `FakeAnnotator`: enough syntax for tests of logic, none for judging prose.

English by word lists and endings.  In each sentence the first finite verb is the root, the last noun before
it the subject, the first noun after it the object (attribute after "be"), a noun after a preposition
its object; everything else hangs on the root as `dep`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from reward_service.types import Document, Span, Token

_SENTENCE = re.compile(r"[^\s.!?\n](?:[^.!?\n]|[.!?](?=\w))*(?:[.!?]+|(?=\n)|$)|[.!?]+")
_TOKEN = re.compile(r"\w+(?:['’-]\w+)*|[^\w\s]")

_BE = {"is": "VBZ", "are": "VBP", "was": "VBD", "were": "VBD", "am": "VBP"}
_MODALS = "can could will would shall should may might must"
_FINITE_AUX = {"has": "VBZ", "have": "VBP", "had": "VBD", "does": "VBZ", "do": "VBP", "did": "VBD"} | _BE
_FINITE_AUX |= dict.fromkeys(_MODALS.split(), "MD")
_LISTS = {
    "DET": "a an the this that these those every each all some any no both",
    "PRON": "i you he she it we they him her them us me his its their our your what who which whom whose",
    "ADP": "of in on at by for from with to into over under between through against during upon without as",
    "CCONJ": "and or but nor",
    "SCONJ": "because although though while since unless if whereas whether",
    "PART": "not",
    "ADV": "never only there also thus therefore however moreover when where why how very then always",
}
_CLOSED = {word: pos for pos, words in _LISTS.items() for word in words.split()}
_VERB_LIST = """
abolish analyse analyze appropriate argue arise become buy call cause claim contain control create
defend define depend describe determine develop differ drive exist explain exploit express extract
fall follow form give grow hold know lead live lose make mean oppose organise organize overthrow own
pay produce reject remain reproduce require rise rule say see seize sell serve shape show support
take transform use win work write
"""
_VERBS = frozenset(_VERB_LIST.split())
_IRREGULAR_LIST = """
wrote:write said:say made:make took:take gave:give led:lead meant:mean sold:sell became:become
rose:rise fell:fall held:hold knew:know saw:see grew:grow lost:lose won:win paid:pay
"""
_IRREGULAR = dict(entry.split(":") for entry in _IRREGULAR_LIST.split())
_ADJECTIVE_ENDINGS = ("al", "ive", "ous", "ic", "ful", "less", "able", "ible", "ist", "ary")
_NOUNS = ("NOUN", "PROPN")
_FUNCTION_WORDS = ("DET", "PRON", "ADP", "CCONJ", "SCONJ", "PART", "AUX")


@dataclass(frozen=True, slots=True)
class _Word:
    text: str
    start: int
    end: int
    pos: str
    tag: str
    lemma: str

    @property
    def finite(self) -> bool:
        return self.tag in ("VBD", "VBP", "VBZ", "MD")


def annotate(text: str) -> Document:
    """The document of a text; see the module's docstring for how little this knows."""
    tokens: list[Token] = []
    sentences: list[Span] = []
    chunks: list[Span] = []
    entities: list[Span] = []
    for match in _SENTENCE.finditer(text):
        start, end = match.start(), match.start() + len(match.group().rstrip())
        words = [_word(m, first=i == 0) for i, m in enumerate(_TOKEN.finditer(text, start, end))]
        if not words:
            continue
        for i in range(1, len(words)):  # "the working class": a participle after a determiner is an adjective
            if words[i].tag == "VBG" and words[i - 1].pos == "DET":
                words[i] = replace(words[i], pos="ADJ", tag="JJ")
        first = len(tokens)
        root = _root(words)
        for dep, head, word in zip(*_roles(words, root), words, strict=True):
            is_stop = word.pos in _FUNCTION_WORDS
            span = (word.start, word.end)
            tokens.append(
                Token(
                    word.text, word.lemma, word.pos, word.tag, dep, first + head, *span, is_stop, word.finite
                )
            )
        sentences.append(Span(text[start:end], start, end, first, len(tokens), first + root))
        chunks += _runs(text, words, first, {"ADJ", "NUM", *_NOUNS}, "", ends_in=_NOUNS)
        entities += _runs(text, words, first, {"PROPN"}, "PERSON")
        entities += [
            Span(word.text, word.start, word.end, first + i, first + i + 1, first + i, "DATE")
            for i, word in enumerate(words)
            if re.fullmatch(r"1[5-9]\d\d|20\d\d", word.text)
        ]
    entities.sort(key=lambda span: span.start)
    return Document(text, tuple(tokens), tuple(sentences), tuple(chunks), tuple(entities))


def _word(match: re.Match[str], *, first: bool) -> _Word:
    text, low = match.group(), match.group().lower()
    pos, tag, lemma = "NOUN", "XX", low  # a noun or an unknown word: the fake claims no finer knowledge
    if not any(char.isalnum() for char in text):
        pos, tag = "PUNCT", "."
    elif text.isdigit():
        pos, tag = "NUM", "CD"
    elif low in _FINITE_AUX:
        pos, tag = "AUX", _FINITE_AUX[low]
        lemma = (
            "be" if low in _BE else {"has": "have", "had": "have", "does": "do", "did": "do"}.get(low, low)
        )
    elif low in ("be", "been", "being"):
        pos, tag, lemma = "AUX", "VB", "be"
    elif low in _CLOSED:
        pos = tag = _CLOSED[low]
    elif (base := _verb_base(low)) is not None:
        pos, lemma = "VERB", base
        past = low in _IRREGULAR or low.endswith("ed")
        tag = "VBG" if low.endswith("ing") else "VBD" if past else "VBP" if low == base else "VBZ"
    elif low.endswith("ly"):
        pos, tag = "ADV", "RB"
    elif text[0].isupper() and not first:
        pos, tag = "PROPN", "NNP"
    elif low.endswith(_ADJECTIVE_ENDINGS) and len(low) > 4:
        pos, tag = "ADJ", "JJ"
    elif low.endswith("s") and not low.endswith(("ss", "us", "is")) and len(low) > 3:
        tag, lemma = "NNS", low[:-3] + "y" if low.endswith("ies") else low[:-1]
        lemma = low[:-2] if low.endswith("sses") else lemma
    return _Word(text, match.start(), match.end(), pos, tag, lemma)


def _verb_base(word: str) -> str | None:
    """The listed verb of which `word` is a form, if any."""
    if word in _VERBS:
        return word
    if word in _IRREGULAR:
        return _IRREGULAR[word]
    for ending in ("ing", "es", "ed", "s", "d"):
        stem = word.removesuffix(ending)
        if stem != word:
            for base in (stem, stem + "e"):
                if base in _VERBS:
                    return base
    return None


def _root(words: Sequence[_Word]) -> int:
    """The first finite verb; without one the first noun, else the first token."""
    finite = [i for i, word in enumerate(words) if word.finite]
    if finite:
        verb = finite[0]
        if (
            words[verb].pos == "AUX" and words[verb].lemma != "be"
        ):  # "did not produce": the full verb is the root
            return next((i for i in range(verb + 1, len(words)) if words[i].pos == "VERB"), verb)
        return verb
    return next((i for i, word in enumerate(words) if word.pos in _NOUNS), 0)


def _roles(words: Sequence[_Word], root: int) -> tuple[list[str], list[int]]:
    """A dependency label and a head for each word."""
    deps, heads = ["dep"] * len(words), [root] * len(words)
    deps[root] = "ROOT"
    has_verb = words[root].pos in ("VERB", "AUX")
    object_seen = False
    preposition: int | None = None
    for i, word in enumerate(words):
        if i == root:
            preposition = None
            continue
        if word.pos == "PUNCT":
            deps[i] = "punct"
            preposition = None
        elif word.pos == "ADP":
            deps[i], preposition = "prep", i
        elif word.pos == "PART":
            deps[i] = "neg"
        elif word.pos in _NOUNS:
            if i + 1 < len(words) and words[i + 1].pos in _NOUNS and i + 1 != root:
                deps[i], heads[i] = "compound", i + 1
            elif preposition is not None:
                deps[i], heads[i], preposition = "pobj", preposition, None
            elif has_verb and i > root and not object_seen:
                deps[i] = "attr" if words[root].lemma == "be" else "dobj"
                object_seen = True
        elif word.pos == "AUX" and i < root:
            deps[i] = "aux"
    if has_verb:
        before = [i for i in range(root) if deps[i] == "dep" and words[i].pos in (*_NOUNS, "PRON")]
        if before:
            deps[before[-1]] = "nsubj"
    return deps, heads


def _runs(
    text: str, words: Sequence[_Word], first: int, kinds: set[str], label: str, *, ends_in: Sequence[str] = ()
) -> list[Span]:
    """Maximal runs of words of the given kinds, cut back until the last one is one of `ends_in`."""
    spans: list[Span] = []
    start = 0
    while start < len(words):
        end = start
        while end < len(words) and words[end].pos in kinds:
            end += 1
        last = end
        while ends_in and last > start and words[last - 1].pos not in ends_in:
            last -= 1
        if last > start:
            a, b = words[start].start, words[last - 1].end
            spans.append(Span(text[a:b], a, b, first + start, first + last, first + last - 1, label))
        start = max(end, start + 1)
    return spans
