"""How much of a text goes round in loops: the same words, sentences or characters again and again.  Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

from reward_service.evidence.repetition import Marks, Word, repetition, words_of

_RUN = re.compile(r"(\S{1,12}?\s{0,2})\1{7,}")
_RUN_CHARS = 10
_FILLER = re.compile(r"([-=_*~#.+·•—–─═])(?:\s{0,2}\1)*")
_FILLER_CHARS = 160
"""A row of dots, dashes or underscores up to this is a leader, a blank to be filled in or a rule."""
_ZEROS = re.compile(r"\d{1,20}")
_CHARS_PER_WORD = 5
_ROUNDS = 4
"""Times in a row from which on a cycle is no figure of speech."""
_BRIDGED = 2
"""New words inside a stretch that do not end it."""
_FAR, _OTHER_NUMBERS = 0.5, 0.25
"""What a repetition counts that may be meant: a refrain or a definition taken up again, rows of figures."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A stretch that repeats what came before it."""

    text: str
    """What is repeated, as it stands there before."""
    start: int
    end: int
    """Characters [start, end), without the first time."""
    times: int
    """How often it stands there, the first time included."""


@dataclass(frozen=True, slots=True)
class Loops:
    """What is repetition in a text; spans are characters [start, end)."""

    share: float
    """Share of the words, or of the characters in runs of characters, whichever is larger; 0 … 1."""
    amount: float
    """The words that the share stands for; five characters of a run stand for one."""
    in_a_row: float
    """The largest amount that one unbroken cycle repeats, four times or more, word for word."""
    worst: Stretch | None
    repeated: tuple[tuple[int, int], ...]
    """Every stretch of repeated words, by position."""
    crowds: tuple[tuple[int, int], ...]
    """Every stretch in which a few words crowd out all others, their first times included, by position."""


NO_LOOPS = Loops(0.0, 0.0, 0.0, None, (), ())


def loops_of(text: str) -> Loops:
    """How much of a text is repetition beyond the first time.

    Words count by the rules of `repetition`.  A word counts half where more new words than the repeated
    stretch has stand between it and what it repeats (a refrain, a definition taken up again), and a quarter
    where numbers differ (rows of a table, a list of years).  Runs of characters are a unit of up to twelve,
    eight times in a row and ten characters long; rules, leaders and blanks are none.

    Args:
        text: a normalised answer, without Markdown.

    Returns:
        share, the worst stretch and all stretches; `NO_LOOPS` where nothing is repeated.  Linear in the text.
    """
    words = words_of(text)
    marks = repetition(text, words)
    weights = _weights(marks)
    stretches = list(_stretches(marks.source))
    by_words = sum(weights)
    share = by_words / len(words) if words else 0.0
    runs = list(_character_runs(text))
    in_runs = sum(end - start - len(unit) for start, end, unit in runs)
    run_share = in_runs / len(text) if text else 0.0
    if not stretches and not runs:
        return NO_LOOPS
    crowds = tuple((words[first].start, words[last - 1].end) for first, last in _merged(marks.crowds))
    in_a_row = float(max(_unbroken(marks), default=0))
    spans = tuple((words[first].start, words[last - 1].end) for first, last in stretches)
    if run_share > share:
        start, end, unit = max(runs, key=lambda run: run[1] - run[0])
        worst = Stretch(unit.strip(), start + len(unit), end, (end - start) // len(unit))
        amount = in_runs / _CHARS_PER_WORD
        return Loops(run_share, amount, max(in_a_row, (end - start) / _CHARS_PER_WORD), worst, spans, crowds)
    first, last = max(stretches, key=lambda ends: (sum(weights[ends[0] : ends[1]]), -ends[0]))
    return Loops(share, by_words, in_a_row, _described(text, words, marks, first, last), spans, crowds)


def _weights(marks: Marks) -> list[float]:
    """How much each word counts: 0 for a new one, 1 or less for a repeated one."""
    source = marks.source
    new = list(accumulate((origin < 0 for origin in source), initial=0))
    weights = [0.0] * len(source)
    for first, last in _stretches(source, bridged=0):
        for index in range(first, last):
            between = new[index] - new[source[index]]
            far = not marks.crowded[index] and between > last - first
            weights[index] = (_FAR if far else 1.0) * (1.0 if marks.exact[index] else _OTHER_NUMBERS)
    return weights


def _stretches(source: Sequence[int], bridged: int = _BRIDGED) -> Iterator[tuple[int, int]]:
    """Ranges [first, last) of repeated words, over at most `bridged` new words in between."""
    first = last = -1
    for index, origin in enumerate(source):
        if origin < 0:
            continue
        if first >= 0 and index - last > bridged:
            yield first, last
            first = index
        elif first < 0:
            first = index
        last = index + 1
    if first >= 0:
        yield first, last


def _merged(ranges: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Ranges by position; those that touch or overlap are one."""
    merged: list[tuple[int, int]] = []
    for start, end in sorted(ranges):
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _unbroken(marks: Marks) -> Iterator[int]:
    """Words repeated by each cycle that runs four times or more, word for word and without a gap."""
    start, distance = 0, 0
    for index, origin in enumerate([*marks.source, -1]):
        ahead = index - origin if origin >= 0 and marks.exact[index] and not marks.crowded[index] else 0
        if ahead == distance:
            continue
        if distance and index - start >= (_ROUNDS - 1) * distance:
            yield index - start
        start, distance = index, ahead


def _described(text: str, words: Sequence[Word], marks: Marks, first: int, last: int) -> Stretch:
    """A stretch of repeated words, with what it repeats."""
    size = last - first
    distance = first - marks.source[first]
    origin = first - distance
    if distance <= size and not marks.crowded[first]:
        unit, times = distance, 1 + size // distance
    else:
        unit = 1 if marks.crowded[first] else size
        key = [word.loose for word in words[first : first + unit]]
        times = _occurrences([word.loose for word in words], key)
    unit_end = min(origin + unit, len(words))
    repeated = text[words[origin].start : words[unit_end - 1].end]
    return Stretch(repeated, words[first].start, words[last - 1].end, times)


def _occurrences(keys: Sequence[str], wanted: Sequence[str]) -> int:
    """How often a run of words stands in a text, without overlaps; at least 2, as it was found repeated."""
    found = index = 0
    while index <= len(keys) - len(wanted):
        if keys[index] == wanted[0] and keys[index : index + len(wanted)] == wanted:
            found += 1
            index += len(wanted)
        else:
            index += 1
    return max(found, 2)


def _character_runs(text: str) -> Iterator[tuple[int, int, str]]:
    """Runs of one short string: start, end and the string."""
    for match in _RUN.finditer(text):
        run = match[0].rstrip()
        if len(run) < _RUN_CHARS or _ZEROS.fullmatch(run):
            continue
        if _FILLER.fullmatch(run) and len(run) <= _FILLER_CHARS:
            continue
        yield match.start(), match.end(), match[1]
