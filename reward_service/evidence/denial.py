"""What an answer quotes or states only to deny it: "… This is false.", "It is not true that …".

A denied sentence lends its words to the text but not its assent.  To an NLI model that reads it alone it
entails what it repeats, so the denial has to be found by its form.  English forms only, anchored and closed
lists: a sentence is denied when the answer says so in plain words, never because it sounds critical ("this is
false consciousness" denies nothing).  Pure: reads a document's text and sentence spans.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from reward_service.evidence.denial_forms import AHEAD, AHEAD_AT_START, BACK, BACK_ALL, NO, TURN, WITHIN
from reward_service.evidence.reported import is_reported
from reward_service.remembered import remembered
from reward_service.types import Document, Span

_WORDS_OF_A_STATEMENT = 3
_WORDS_OF_A_FRAME = 8
_Range = tuple[int, int]
_PAIRS = {"“": "”", '"': '"', "«": "»"}


class Denial(NamedTuple):
    """A sentence of a document that is denied, wholly or in what it says "that" of."""

    said: str
    """What is denied: the sentence, or the statement within it."""
    cue: str
    """The sentence that denies it."""
    within: bool
    """The sentence denies a statement of its own; as a whole it is asserted."""
    view: bool = False
    """The sentence reports a view, and it is the view that is denied, not that somebody holds it."""


@remembered
def denials(document: Document) -> Mapping[int, Denial]:
    """Index of a sentence of `document` → how it is denied; sentences that stand as asserted are left out.

    "This is false" reaches the sentence before it, and with it the whole quotation that this closes; at the
    very end of a text, behind words that are reported of nobody or in its own paragraph, it reaches all of
    them.  "None of this is true" reaches all that stands before it, or the reported views there if the text
    goes on.  "The following is false:" reaches what follows, to the end of the quotation or to a turn ("In
    reality, …").
    """
    sentences, found = document.sentences, dict[int, Denial]()
    quotations = tuple(_quotations(document.text))
    speaks = [_inner(sentence.text) for sentence in sentences]
    for index, text in enumerate(speaks):
        cue, view = sentences[index].text, False
        if AHEAD.match(text) or (index == 0 and AHEAD_AT_START.match(text)):
            targets = _ahead(index, document, quotations, speaks)
            if said := _statement(text.partition(":")[2]):
                found.setdefault(index, Denial(said, cue, within=True))
        elif said := _within(text):
            found.setdefault(index, Denial(said, cue, within=True))
            continue
        elif index and BACK_ALL.match(text):
            targets, view = _before(index, document, quotations, everything=True)
        elif index and (BACK.match(text) or _answers_no(speaks, index)):
            targets, view = _before(index, document, quotations, everything=False)
        else:
            continue
        for target in targets:
            said = _quoted_part(sentences[target], document.text, quotations)
            found.setdefault(target, Denial(said, cue, within=False, view=view))
    return found


def _inner(text: str) -> str:
    """The text without what a sentence splitter may leave in front: closing brackets and quotation marks."""
    return text.lstrip(" \t\r\n)]”»").removeprefix('" ').strip()


def _within(text: str) -> str | None:
    for pattern in WITHIN:
        if (match := pattern.match(text)) and (said := _statement(match["said"].partition(";")[0])):
            return said
    return None


def _statement(text: str) -> str | None:
    """The text without marks around it; None where it is too short to state anything."""
    bare = text.strip(" \t\r\n\"“”'‘’.,;:")
    return bare if len(bare.split()) >= _WORDS_OF_A_STATEMENT else None


def _answers_no(speaks: Sequence[str], index: int) -> bool:
    return speaks[index - 1].rstrip('"”').endswith("?") and bool(NO.match(speaks[index]))


def _ahead(
    index: int, document: Document, quotations: Sequence[_Range], speaks: Sequence[str]
) -> Sequence[int]:
    """The sentences that an announcement at `index` reaches."""
    own = [later for later in _quoted_with(index, document.sentences, quotations) if later > index]
    after = index + 1
    if own or after >= len(speaks) or _closes(document.sentences[index], quotations):
        return own
    quoted = _quoted_with(after, document.sentences, quotations)
    if len(quoted) > 1 or _is_quoted(document.sentences[after], quotations):
        return range(after, quoted[-1] + 1)
    return range(after, next((i for i in range(after, len(speaks)) if TURN.match(speaks[i])), len(speaks)))


def _before(
    index: int, document: Document, quotations: Sequence[_Range], *, everything: bool
) -> tuple[Sequence[int], bool]:
    """The sentences that a denial at `index` reaches back to, and whether it denies the view in them."""
    sentences, last = document.sentences, index - 1
    previous = sentences[last]
    quoted = _quoted_with(last, sentences, quotations)
    in_quotation = len(quoted) > 1 or _is_quoted(previous, quotations)
    ends = index == len(sentences) - 1 and not previous.text.rstrip('"”').endswith("?")
    apart = "\n" in document.text[previous.end : sentences[index].start]
    if ends and (everything or apart):
        return range(index), False
    if not in_quotation and is_reported(document, previous):
        first = last
        while everything and first > 0 and is_reported(document, sentences[first - 1]):
            first -= 1
        return range(first, index), True
    if everything:
        return range(index), False
    if in_quotation:
        return [position for position in quoted if position <= last], False
    # Nobody asserts a passage and ends by calling it false: the passage was put there to be denied.
    return range(index) if ends else [last], False


def _quotations(text: str) -> Iterator[_Range]:
    """Each stretch between double quotation marks; one that is never closed runs to the end."""
    start, closes = -1, ""
    for position, char in enumerate(text):
        if start >= 0 and char == closes:
            yield start, position + 1
            start = -1
        elif start < 0 and char in _PAIRS:
            start, closes = position, _PAIRS[char]
    if start >= 0:
        yield start, len(text)


def _is_quoted(sentence: Span, quotations: Sequence[_Range]) -> bool:
    """Whether most of the sentence stands within one quotation."""
    length = sentence.end - sentence.start
    return any(
        2 * (min(end, sentence.end) - max(start, sentence.start)) > length for start, end in quotations
    )


def _closes(sentence: Span, quotations: Sequence[_Range]) -> bool:
    """Whether a quotation opens and ends within the sentence."""
    return any(sentence.start <= start and end <= sentence.end for start, end in quotations)


def _quoted_with(index: int, sentences: Sequence[Span], quotations: Sequence[_Range]) -> list[int]:
    """The sentence and all others that a quotation in it reaches into."""
    found, own = {index}, sentences[index]
    for start, end in quotations:
        if own.start < end - 1 and start + 1 < own.end:  # more than a quotation mark at the edge
            first = bisect_right(sentences, start + 1, key=lambda sentence: sentence.end)
            last = bisect_left(sentences, end - 1, key=lambda sentence: sentence.start)
            found.update(range(first, last))
    return sorted(found)


def _quoted_part(sentence: Span, text: str, quotations: Sequence[_Range]) -> str:
    """What the sentence quotes, where a quotation fills most of it or runs on; else the sentence."""
    for start, end in quotations:
        first, last = max(start, sentence.start), min(end, sentence.end)
        if 2 * (last - first) > sentence.end - sentence.start or (first < last and end > sentence.end):
            return _statement(text[first:last]) or sentence.text
    lead, colon, said = sentence.text.partition(":")
    return (_statement(said) if colon and len(lead.split()) < _WORDS_OF_A_FRAME else None) or sentence.text
