"""Who says it: sentences that report a view instead of asserting it.

"Idealists say that ideas make history" asserts nothing about history, so it contradicts nothing that the
answer itself asserts.  A factive report ("Marx shows that …") is asserted by its writer as well and is not
counted.  Pure: reads a document's tokens only.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from reward_service.remembered import remembered
from reward_service.types import Document, Span, Token


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SAYING = _words("""
    accuse allege argue assert assume believe claim conclude contend declare deny dispute doubt expect
    fear feel guess hold imagine insist maintain object preach predict pretend proclaim profess propose
    repeat reply say speculate state suggest suppose suspect tell think urge warn write""")
"""Verbs that report what somebody says or thinks, and leave open whether it is so."""
_VIEWING = _words(
    "call conceive consider deem depict describe dismiss imagine paint portray present regard see view"
)
"""Verbs that report how somebody sees a thing ("regard … as", "call … a …")."""
_DENYING = _words("deny dispute doubt reject")
"""Verbs that report a view even when a bare noun follows ("revisionists deny the crisis")."""
_SEEMING = _words("appear seem")
_REPORTING = _SAYING | _VIEWING | _DENYING | _SEEMING
_VIEW_NOUNS = _words("""
    accusation allegation argument assertion assumption belief charge claim contention doctrine dogma
    fiction hypothesis idea illusion legend myth notion objection opinion position prejudice thesis view""")
_STANDPOINTS = _words(
    "account eye interpretation opinion perspective picture reading standpoint view viewpoint"
)
_HEARSAY = _words("""
    alleged allegedly ostensible ostensibly purported purportedly reputedly seemingly so-called supposed
    supposedly""")
_HOLDERS = _words("""
    advocate author champion conservative critic defender detractor leftist liberal opponent philosopher
    proponent radical reactionary reformer scholar school sceptic skeptic supporter theorist thinker
    writer""")
_HOLDER_ENDINGS = ("ist", "ists", "ian", "ians", "crat", "crats")
_PHRASES = (
    ("according", "to"),
    ("on", "the", "surface"),
    ("at", "first", "sight"),
    ("at", "first", "glance"),
    ("on", "paper"),
    ("so", "-", "called"),
    ("so", "called"),
)
_SPEAKER = _words("i we us me")
_THINGS = _words("it that there these this those what which")
_PRONOUNS = _words("he many most one other people she some they who")
_CLAUSES = _words("ccomp oprd xcomp")
_PLACES_AND_TIMES = frozenset({"DATE", "GPE", "LOC", "TIME"})
_LONGEST_CHAIN = 8
"""Verbs joined one to the next ("say, argue and claim") that are followed back to their subject."""

Children = list[list[int]]


class ReportedView(NamedTuple):
    """A sign that a sentence, or a part of it, reports a view."""

    cue: str
    """What shows it: the reporting verb, "according to", "so-called", …"""
    holder: str | None
    """Whose view it is, as a lower-case lemma; None where the text leaves it open ("it is said", "they")."""
    start: int
    end: int


def is_reported(document: Document, sentence: Span) -> bool:
    """Whether the sentence reports somebody's view.

    Signs: a reporting verb with what is said, "according to", "for idealists, …", "it is often said that",
    "so-called", "the claim that", an appearance ("seems"), or a whole sentence within double quotation marks.
    """
    return bool(reported_views(document, sentence))


@remembered
def reported_views(document: Document, sentence: Span) -> tuple[ReportedView, ...]:
    """Every sign in the sentence that it reports a view, in the order of the text."""
    children: Children = [[] for _ in range(sentence.last - sentence.first)]
    for index in range(sentence.first, sentence.last):
        head = document.tokens[index].head
        if head != index and sentence.first <= head < sentence.last:
            children[head - sentence.first].append(index)
    found = [
        *_by_verb(document, sentence, children),
        *_by_noun(document, sentence, children),
        *_by_standpoint(document, sentence),
        *_by_phrase(document, sentence, children),
        *_by_quotation(document, sentence),
    ]
    return tuple(sorted(set(found), key=lambda view: (view.start, view.end, view.cue)))


def _by_verb(document: Document, sentence: Span, children: Children) -> Iterator[ReportedView]:
    """ "X claimed that …", "it is said that …", "X regards … as …", "X denies …", "… seems to be …"."""
    for index in range(sentence.first, sentence.last):
        verb = document.tokens[index]
        lemma = verb.lemma.casefold()
        if lemma not in _REPORTING or verb.pos not in {"VERB", "AUX"}:
            continue
        below = [document.tokens[child] for child in children[index - sentence.first]]
        if not _has_what_is_said(lemma, below):
            continue
        view = ReportedView(verb.text.casefold(), None, verb.start, verb.end)
        if lemma in _SEEMING:
            yield view
            continue
        if any(child.dep in {"auxpass", "nsubjpass"} for child in below):
            holder = _agent(document, sentence, children, index)
        else:
            holder = _subject(document, sentence, children, index)
            if holder is None or holder.text.casefold() in _THINGS:
                continue  # "this suggests that …" and participles: the writer's own conclusion
        if holder is None:
            yield view
        elif holder.text.casefold() not in _SPEAKER:
            name = holder.lemma.casefold()
            yield view._replace(holder=None if name in _PRONOUNS else name)


def _has_what_is_said(lemma: str, below: list[Token]) -> bool:
    relations = {child.dep for child in below}
    if lemma in _SEEMING:
        return bool(relations & (_CLAUSES | {"acomp", "attr"})) or _has_as(below)
    return (
        (lemma in _SAYING and bool(relations & _CLAUSES))
        or (lemma in _VIEWING and (_has_as(below) or bool(relations & {"agent", "ccomp", "oprd"})))
        or (lemma in _DENYING and bool(relations & {"dobj", "nsubjpass"}))
    )


def _has_as(below: list[Token]) -> bool:
    return any(child.dep == "prep" and child.text.casefold() == "as" for child in below)


def _subject(document: Document, sentence: Span, children: Children, verb: int) -> Token | None:
    """The verb's own subject, that of the verb it is joined to, or what its relative clause is about."""
    for _ in range(_LONGEST_CHAIN):
        token = document.tokens[verb]
        for child in children[verb - sentence.first]:
            subject = document.tokens[child]
            if subject.dep in {"nsubj", "nsubjpass"}:
                relative = token.dep == "relcl" and subject.text.casefold() in {"who", "that", "which"}
                return document.tokens[token.head] if relative else subject
        if token.dep not in {"conj", "xcomp"} or not sentence.first <= token.head < sentence.last:
            return None
        verb = token.head
    return None


def _agent(document: Document, sentence: Span, children: Children, verb: int) -> Token | None:
    for child in children[verb - sentence.first]:
        if document.tokens[child].dep == "agent":
            return _object(document, sentence, children, child)
    return None


def _object(document: Document, sentence: Span, children: Children, preposition: int) -> Token | None:
    for child in children[preposition - sentence.first]:
        if document.tokens[child].dep == "pobj":
            return document.tokens[child]
    return None


def _by_noun(document: Document, sentence: Span, children: Children) -> Iterator[ReportedView]:
    """ "The claim that …", "the myth of …"."""
    for index in range(sentence.first, sentence.last - 1):
        noun, follows = document.tokens[index], document.tokens[index + 1].text.casefold()
        lemma = noun.lemma.casefold()
        if noun.pos != "NOUN" or lemma not in _VIEW_NOUNS:
            continue
        below = {document.tokens[child].dep for child in children[index - sentence.first]}
        if (follows == "that" and below & {"acl", "ccomp"}) or (
            follows == "of" and lemma in {"illusion", "myth"}
        ):
            yield ReportedView(f"{noun.text.casefold()} {follows}", None, noun.start, noun.end)


def _by_standpoint(document: Document, sentence: Span) -> Iterator[ReportedView]:
    """ "For idealists, …", "in Hegel's view", "from the standpoint of …"."""
    tokens = document.tokens
    for index in range(sentence.first, sentence.last):
        word = tokens[index].text.casefold()
        if word == "for" and (index == sentence.first or tokens[index - 1].text in {",", ";", ":"}):
            comma = next(
                (at for at in range(index + 2, min(index + 6, sentence.last)) if tokens[at].text == ","), None
            )
            if comma is not None and _holds_views(document, comma - 1):
                holder = tokens[comma - 1]
                yield ReportedView(word, holder.lemma.casefold(), tokens[index].start, holder.end)
        elif word in {"from", "in", "on"}:
            for place in range(index + 1, min(index + 6, sentence.last)):
                noun = tokens[place]
                if noun.pos in {"PUNCT", "VERB"}:
                    break
                if noun.pos == "NOUN" and noun.lemma.casefold() in _STANDPOINTS and place > index + 1:
                    cue = f"{word} … {noun.text.casefold()}"
                    yield ReportedView(cue, None, tokens[index].start, noun.end)
                    break


def _holds_views(document: Document, index: int) -> bool:
    token = document.tokens[index]
    if any(
        entity.first <= index < entity.last and entity.label in _PLACES_AND_TIMES
        for entity in document.entities
    ):
        return False
    lemma = token.lemma.casefold()
    named = token.pos in {"ADJ", "NOUN"} and (lemma in _HOLDERS or lemma.endswith(_HOLDER_ENDINGS))
    return named or token.pos == "PROPN"


def _by_phrase(document: Document, sentence: Span, children: Children) -> Iterator[ReportedView]:
    words = [token.text.casefold() for token in document.tokens[sentence.first : sentence.last]]
    for offset, word in enumerate(words):
        index = sentence.first + offset
        token = document.tokens[index]
        if word in _HEARSAY and token.pos != "VERB":
            yield ReportedView(word, None, token.start, token.end)
        for phrase in _PHRASES:
            if tuple(words[offset : offset + len(phrase)]) == phrase:
                named = _object(document, sentence, children, index + 1) if word == "according" else None
                holder = named.lemma.casefold() if named is not None and named.pos != "PRON" else None
                end = document.tokens[index + len(phrase) - 1].end
                yield ReportedView(" ".join(phrase), holder, token.start, end)


def _by_quotation(document: Document, sentence: Span) -> Iterator[ReportedView]:
    """A sentence wholly within double quotation marks.

    Sentences of one quotation share a holder, so that an answer put into quotation marks as a whole is judged
    like one without them.
    """
    text, inside = document.text, sentence.start + (sentence.text[:1] in {'"', "“"})
    opening = text.rfind("“", 0, inside)
    if opening > text.rfind("”", 0, inside):
        closing = text.find("”", inside)
    elif text.count('"', 0, inside) % 2:
        opening, closing = text.rfind('"', 0, inside), text.find('"', inside)
    else:
        return
    if closing >= sentence.end - 2:
        yield ReportedView("quotation", f"quotation at {opening}", sentence.start, sentence.end)
