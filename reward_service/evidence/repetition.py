"""Which words of a text say again what it has said before, and where they were said first.  Pure.

Five rules, each blind to what the others see; each is linear in the text.  None of them marks a term that
recurs in new sentences.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, count, pairwise
from operator import eq
from typing import NamedTuple

_WORD = re.compile(r"\w{2,10}://\S+|[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]|[^\W_]+(?:['’][^\W_]+)*")
_DIGITS = re.compile(r"\d+")
_NUMBER_WORDS_LIST = (
    "one two three four five six seven eight nine ten eleven twelve twenty thirty hundred thousand million "
    "first second third fourth fifth sixth seventh eighth ninth tenth last next"
)
_NUMBER_WORDS = frozenset(_NUMBER_WORDS_LIST.split())
_NUMBER = "#"
_FUNCTION_WORDS_LIST = (
    "a about after against all also although an and any are as at be because been before being between both "
    "but by can could did do does down each else even every few for from had has have he her here him his "
    "how if in into is it its just may me might more most much must my neither no nor not now of off on only "
    "or other our out over own same shall she should since so some such than that the their them then there "
    "these they this those though through thus to too under until up upon us very was we were what when "
    "where whether which while who whom whose why will with within without would yet you your"
)
_FUNCTION_WORDS = frozenset(_FUNCTION_WORDS_LIST.split())
"""They recur in every text, so how close together they stand says nothing."""

MAX_PERIOD = 48
"""Words of the longest cycle that is looked for as such; longer ones are seen by their phrases."""
_CYCLES = {1: 2, 2: 4, 3: 6}
"""Period in words → words that must repeat in a row: three times the same word, pair or triple."""
_PHRASE, _FREQUENT_PHRASE, _FREQUENT = 8, 6, 3
"""Words of a phrase that nobody writes twice by chance, and of one that nobody writes three times."""
_OWN_WORDS = 4
"""Words of a phrase that must not be numbers: a row of figures is no phrase."""
_SENTENCE = re.compile(r"[.!?;:\n…。！？；：]")
_CLAUSE = re.compile(r"[.!?;:\n…。！？；：,，、()\[\]–—]")
_SEGMENT_TIMES = ((6, 2), (3, 3), (1, 5))
"""Words of a sentence or clause, at least → how often it must stand there."""
_CROWDED = ((5, 12), (9, 36))
"""One content word so often in so many words."""
_POOR = ((8, 24), (18, 50))
"""No more different words than this in so many."""
_OFTEN = 3
"""Times that the content words stand there with which the crowd begins and ends; prose beside it is none."""


class Word(NamedTuple):
    """A word as it is compared; a CJK character is one, and so is an address of the web."""

    start: int
    end: int
    key: str
    """Case-folded."""
    loose: str
    """The key with every number, in digits or words, as one and the same."""


@dataclass(slots=True)
class Marks:
    """For each word, what it repeats."""

    source: list[int]
    """Index of the word that it repeats; −1 for a word that is new."""
    exact: list[bool]
    """Whether it is repeated as it was, not with other numbers."""
    crowded: list[bool] = field(default_factory=list)
    """Whether it is one of too many, wherever the others stand."""
    crowds: list[tuple[int, int]] = field(default_factory=list)
    """Ranges [start, end) in which words crowd out all others, their first times included; most of each is
    explained by no cycle, phrase or sentence."""

    def add(self, start: int, end: int, distance: int, exact: bool, crowded: bool = False) -> None:
        """Mark the words [start, end) as those `distance` words before; what is marked stays as it is."""
        if -1 not in self.source[start:end]:
            return  # seen at a glance: a shorter cycle has marked all of it
        for index in range(start, end):
            if self.source[index] < 0:
                self.source[index] = index - distance
                self.exact[index] = exact
                self.crowded[index] = crowded


def words_of(text: str) -> list[Word]:
    """The words of a text, in order; punctuation is none."""
    words = []
    for match in _WORD.finditer(text):
        key = match[0].casefold()
        loose = _NUMBER if key in _NUMBER_WORDS else _DIGITS.sub(_NUMBER, key)
        words.append(Word(match.start(), match.end(), key, loose))
    return words


def repetition(text: str, words: Sequence[Word]) -> Marks:
    """The words that repeat what stood before them.

    Marked are
    - cycles: a word, pair or triple three times in a row, four to 48 words twice in a row;
    - phrases: eight words that stood there before, six that stand there three times;
    - sentences and clauses that come again: twice from six words on, three times from three, else five times;
    - one content word five times in twelve words, or nine times in 36;
    - stretches of very few words in ever new order: 24 words with eight different ones, 50 with 18.
    In cycles of four words or more, phrases, sentences and clauses, numbers count as one and the same word;
    to the last two rules they are all new.

    Args:
        text: the text.
        words: its words, from `words_of`.
    """
    size = len(words)
    marks = Marks([-1] * size, [False] * size, [False] * size)
    exact, loose = _ids([word.key for word in words]), _ids([word.loose for word in words])
    numbers = [word.loose == _NUMBER for word in words]
    _mark_cycles(marks, exact, loose, numbers)
    _mark_phrases(marks, exact, loose, numbers, _PHRASE, 2)
    _mark_phrases(marks, exact, loose, numbers, _FREQUENT_PHRASE, _FREQUENT)
    for breaks in (_SENTENCE, _CLAUSE):
        _mark_segments(marks, text, words, breaks)
    explained = list(accumulate((origin >= 0 for origin in marks.source), initial=0))
    _mark_crowded(marks, words, explained)
    apart = [-1 - index if is_number else exact[index] for index, is_number in enumerate(numbers)]
    _mark_poor(marks, apart, [_is_content(word) for word in words], explained)
    return marks


def _ids(keys: Sequence[str]) -> list[int]:
    numbers = count()
    known: dict[str, int] = {}
    return [known[key] if key in known else known.setdefault(key, next(numbers)) for key in keys]


def _mark_cycles(marks: Marks, exact: Sequence[int], loose: Sequence[int], numbers: Sequence[bool]) -> None:
    """What stands there again right after itself, shortest cycles first."""
    for period in range(1, min(MAX_PERIOD, len(exact) - 1) + 1):
        ids = exact if period in _CYCLES else loose
        same = bytes(map(eq, ids[period:], ids))
        for run in re.finditer(b"\x01{%d,}" % _CYCLES.get(period, period), same):
            start, end = run.start() + period, run.end() + period
            unit = numbers[start - period : start]
            if period not in _CYCLES and 2 * sum(unit) > period:
                continue
            as_it_was = exact[start:end] == exact[start - period : end - period]
            marks.add(start, end, period, as_it_was)


def _mark_phrases(
    marks: Marks, exact: Sequence[int], loose: Sequence[int], numbers: Sequence[bool], size: int, times: int
) -> None:
    """Phrases of `size` words that stand there `times` times, from the second time on."""
    starts = range(len(loose) - size + 1)
    phrases = [tuple(loose[start : start + size]) for start in starts]
    often = Counter(phrases)
    before: dict[tuple[int, ...], int] = {}
    for start, phrase in zip(starts, phrases, strict=True):
        if often[phrase] < times:
            continue
        earlier, end = before.get(phrase), start + size
        before[phrase] = start
        if earlier is None or size - sum(numbers[start:end]) < _OWN_WORDS:
            continue
        as_it_was = exact[start:end] == exact[earlier : earlier + size]
        marks.add(start, end, start - earlier, as_it_was)


def _mark_segments(marks: Marks, text: str, words: Sequence[Word], breaks: re.Pattern[str]) -> None:
    """Sentences, lines or clauses that come again, wherever."""
    segments = list(_segments(text, words, breaks))
    keys = [tuple(word.loose for word in words[start:end]) for start, end in segments]
    often = Counter(keys)
    before: dict[Hashable, int] = {}
    for (start, end), key in zip(segments, keys, strict=True):
        size = end - start
        needed = next(times for least, times in _SEGMENT_TIMES if size >= least)
        if often[key] < needed or all(word == _NUMBER for word in key):
            continue
        if key in before:
            earlier = before[key]
            pairs = zip(words[start:end], words[earlier : earlier + size], strict=True)
            marks.add(start, end, start - earlier, all(one.key == other.key for one, other in pairs))
        before[key] = start


def _segments(text: str, words: Sequence[Word], breaks: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """Ranges [start, end) of words between punctuation marks."""
    start = 0
    for index in range(1, len(words)):
        if breaks.search(text, words[index - 1].end, words[index].start):
            yield start, index
            start = index
    if words:
        yield start, len(words)


def _mark_crowded(marks: Marks, words: Sequence[Word], explained: Sequence[int]) -> None:
    """A content word that stands closer to itself than prose puts it.

    Args:
        marks: what the other rules explain.
        words: the words of the text.
        explained: how many of the words before each place these rules explain.
    """
    places: dict[str, list[int]] = {}
    for index, word in enumerate(words):
        if _is_content(word):
            places.setdefault(word.key, []).append(index)
    for at in places.values():
        for times, width in _CROWDED:
            for first in range(len(at) - times + 1):
                crowd = at[first : first + times]
                if crowd[-1] - crowd[0] >= width:
                    continue
                start, end = crowd[0], crowd[-1] + 1
                if 2 * (explained[end] - explained[start]) < end - start:
                    marks.crowds.append((start, end))
                for earlier, index in pairwise(crowd):
                    marks.add(index, index + 1, index - earlier, exact=True, crowded=True)


def _mark_poor(marks: Marks, ids: Sequence[int], content: Sequence[bool], explained: Sequence[int]) -> None:
    """Stretches in which a handful of words goes round without order; `explained` as in `_mark_crowded`."""
    before = _previous(ids)
    for most, width in _POOR:
        held: Counter[int] = Counter(ids[: width - 1])
        marked = 0
        for end in range(width, len(ids) + 1):
            held[ids[end - 1]] += 1
            start = end - width
            if len(held) <= most:
                if 2 * (explained[end] - explained[start]) < width:
                    often = [i for i in range(start, end) if content[i] and held[ids[i]] >= _OFTEN]
                    if often:
                        marks.crowds.append((often[0], often[-1] + 1))
                for index in range(max(start, marked), end):
                    if before[index] >= start:
                        marks.add(index, index + 1, index - before[index], exact=True, crowded=True)
                marked = end
            held[ids[start]] -= 1
            if not held[ids[start]]:
                del held[ids[start]]


def _is_content(word: Word) -> bool:
    return len(word.key) > 2 and word.loose != _NUMBER and word.key not in _FUNCTION_WORDS


def _previous(ids: Sequence[int]) -> list[int]:
    """For each word, the index of the same word before it; −1 for its first occurrence."""
    last: dict[int, int] = {}
    previous = []
    for index, number in enumerate(ids):
        previous.append(last.get(number, -1))
        last[number] = index
    return previous
