"""The spaCy pipeline itself: texts → documents, in this very process."""

from __future__ import annotations

from collections.abc import Sequence
from sys import intern
from typing import Any

import spacy

from reward_service.errors import ModelUnavailable
from reward_service.models.annotation_process import DEFAULT_PACKAGE
from reward_service.models.remembering_ruler import RememberingRuler
from reward_service.models.sentences import BoundedTokenizer, cut_long
from reward_service.models.vetted import verify_package
from reward_service.types import EMPTY_DOCUMENT, Annotate, Document, Span, Token

_LEADING = ("DET", "PRON", "PUNCT", "SYM", "PART")


class SpacyPipeline:
    """A loaded spaCy package with tagger, parser, lemmatizer and, where it has them, entities; on the CPU.

    Args:
        package: name of an installed spaCy package, or a folder.

    Raises:
        ModelUnavailable: it is not installed, not the vetted one, or has no parser.
    """

    def __init__(self, package: str = DEFAULT_PACKAGE) -> None:
        if package == DEFAULT_PACKAGE:
            verify_package(package)
        try:
            self._nlp: Any = spacy.load(package)
        except (OSError, ImportError, ValueError) as error:
            raise ModelUnavailable(
                f"the spaCy pipeline {package!r} can't be loaded ({_first_line(error)}). Install it with "
                "pip, or set REWARD_SPACY_MODEL to a pipeline that is installed (the default is "
                f"{DEFAULT_PACKAGE!r})."
            ) from error
        missing = {"parser", "tagger", "lemmatizer"} - set(self._nlp.pipe_names)
        if missing:
            raise ModelUnavailable(
                f"the spaCy pipeline {package!r} lacks {', '.join(sorted(missing))}; set REWARD_SPACY_MODEL "
                "to a pipeline that has tagger, parser and lemmatizer"
            )
        self._nlp.tokenizer = BoundedTokenizer(self._nlp.tokenizer)
        if "attribute_ruler" in self._nlp.pipe_names:
            ruler = self._nlp.get_pipe("attribute_ruler")
            ruler.match = RememberingRuler(ruler).match
        self._recogniser = [name for name in self._nlp.pipe_names if name == "ner"]

    @property
    def version(self) -> str:
        """The package's version."""
        version: str = self._nlp.meta["version"]
        return version

    def annotate(self, batch: Sequence[Annotate]) -> list[Document]:
        """One document for each text, in order; a text without `entities` skips the recogniser."""
        documents: dict[int, Document] = {}
        with (
            self._nlp.memory_zone()
        ):  # strings of this batch are freed after it; spaCy would keep them for ever
            for wanted, disabled in ((True, []), (False, self._recogniser)):
                places = [place for place, item in enumerate(batch) if item.entities is wanted]
                docs = self._nlp.pipe([batch[place].text for place in places], disable=disabled)
                documents |= {place: _document(doc) for place, doc in zip(places, docs, strict=True)}
        return [documents[place] for place in range(len(batch))]


def _document(doc: Any) -> Document:
    """Plain values of a spaCy document, without its white space tokens."""
    words = [token for token in doc if not token.is_space]
    if not words:
        return Document(doc.text) if doc.text else EMPTY_DOCUMENT
    index = {token.i: position for position, token in enumerate(words)}
    text: str = doc.text
    tokens: list[Token] = []
    sentences: list[Span] = []
    for first, last in _sentence_ranges(doc, words, index):
        root, part = _sentence_tokens(words, index, first, last)
        tokens += part
        start, end = part[0].start, part[-1].end
        sentences.append(Span(text[start:end], start, end, first, last, root))
    home = [number for number, sentence in enumerate(sentences) for _ in range(sentence.first, sentence.last)]
    chunks = (_chunk(text, tokens, home, span, index) for span in doc.noun_chunks)
    entities = (_span(text, tokens, home, span, index, span.label_) for span in doc.ents)
    return Document(
        text,
        tuple(tokens),
        tuple(sentences),
        tuple(chunk for chunk in chunks if chunk is not None),
        tuple(entity for entity in entities if entity is not None),
    )


def _sentence_ranges(doc: Any, words: Sequence[Any], index: dict[int, int]) -> list[tuple[int, int]]:
    """[first, last) among `words` of every sentence, long ones cut."""
    ranges: list[tuple[int, int]] = []
    for sentence in doc.sents:
        positions = [index[token.i] for token in sentence if token.i in index]
        if positions:
            spans = [(word.idx, word.idx + len(word)) for word in words[positions[0] : positions[-1] + 1]]
            texts = [word.text for word in words[positions[0] : positions[-1] + 1]]
            ranges += [(positions[0] + a, positions[0] + b) for a, b in cut_long(spans, texts)]
    return ranges


def _sentence_tokens(
    words: Sequence[Any], index: dict[int, int], first: int, last: int
) -> tuple[int, list[Token]]:
    """The root of a sentence and its tokens.  Heads outside it (where it was cut) give way to the root."""
    heads = [index.get(words[position].head.i, position) for position in range(first, last)]
    tops = [
        position
        for position, head in zip(range(first, last), heads, strict=True)
        if head == position or not first <= head < last
    ]
    root = min(
        tops,
        key=lambda position: (words[position].dep_ != "ROOT", words[position].pos_ not in ("VERB", "AUX")),
    )
    tokens = []
    for position, head in zip(range(first, last), heads, strict=True):
        word = words[position]
        dep, home = word.dep_, head
        if position == root:
            dep, home = "ROOT", position
        elif position in tops:
            dep, home = "dep", root
        finite = word.pos_ in ("VERB", "AUX") and "Fin" in word.morph.get("VerbForm")
        span = (word.idx, word.idx + len(word))
        pos, tag = intern(word.pos_), intern(word.tag_)  # one string for equal names
        tokens.append(
            Token(
                intern(word.text),
                intern(word.lemma_),
                pos,
                tag,
                intern(dep),
                home,
                *span,
                word.is_stop,
                finite,
            )
        )
    return root, tokens


def _chunk(
    text: str, tokens: Sequence[Token], home: Sequence[int], span: Any, index: dict[int, int]
) -> Span | None:
    """A noun chunk without its leading determiners, possessives and punctuation; None if that is all."""
    start = span.start
    while start < span.end and (span.doc[start].pos_ in _LEADING or span.doc[start].is_space):
        start += 1
    return _span(text, tokens, home, span.doc[start : span.end], index, "") if start < span.end else None


def _span(
    text: str, tokens: Sequence[Token], home: Sequence[int], span: Any, index: dict[int, int], label: str
) -> Span | None:
    """A stretch of the document; None where it is white space or crosses the border of a sentence."""
    positions = [index[token.i] for token in span if token.i in index]
    if not positions or home[positions[0]] != home[positions[-1]]:
        return None
    first, last = positions[0], positions[-1] + 1
    root = next((p for p in positions if not first <= tokens[p].head < last or tokens[p].head == p), last - 1)
    start, end = tokens[first].start, tokens[last - 1].end
    return Span(text[start:end], start, end, first, last, root, label)


def _first_line(error: BaseException) -> str:
    return str(error).partition("\n")[0]
