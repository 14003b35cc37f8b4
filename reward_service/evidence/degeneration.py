"""Broken output of a language model in one answer: loops, a cut end, broken characters, and how bad each is.

Pure; neither reference nor model is needed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reward_service.evidence.broken_encoding import Place, broken_places
from reward_service.evidence.cut_off import UNCLOSED, CutOff, cut_off
from reward_service.evidence.loops import Loops, loops_of
from reward_service.text import normalise
from reward_service.types import Sample
from shared.completion import split

_LOOPS_FROM, _LOOPS_ALL = 0.05, 0.3
"""Share of repetition that prose may hold, and from which on the answer is a loop.

Of 790 curated answers two hold more than 0.05, and the one with most holds 0.10.
"""
_LOOPS_WORDS = 8.0
"""Repeated words under which a loop counts in proportion: "No, no, no!" is none."""
_LOOPS_IN_A_ROW = 0.4
"""Severity, at least, of a cycle of four times or more that repeats eight words, however long the answer."""
_ENCODING_ONE, _ENCODING_ALL = 0.3, 5.0
"""Severity of any broken place, and the places per 100 words from which on the text is broken throughout."""
_CHARS_PER_WORD = 6
"""Where words are not set apart, so many characters count as one."""
_FEWEST_WORDS = 30.0
"""Words below which a rate says nothing: one place in a greeting is one place."""
_PER_100_AT_MOST = 100.0
_PLACES_SHOWN = 10
_CHARS_SHOWN = 40
_CONTEXTS = (24, 8, 0)
"""Characters on both sides by which a place is found again in the normalised answer."""
_END_WORDS = 3


@dataclass(frozen=True, slots=True)
class Degeneration:
    """What is broken in one answer."""

    answer: str
    """The normalised answer, to which all spans refer but those of `places`."""
    raw: str
    """The answer as it came, to which `places` refer."""
    loops: Loops
    end: CutOff
    places: tuple[Place, ...]

    @property
    def per_100_words(self) -> float:
        """Broken places per 100 words, 100 at most; a shorter answer counts as one of 30 words."""
        words = max(len(self.raw.split()), len(self.raw) / _CHARS_PER_WORD, _FEWEST_WORDS)
        return min(_PER_100_AT_MOST, 100.0 * len(self.places) / words)

    @property
    def severities(self) -> dict[str, float]:
        """How bad each kind is: 0 nothing, 1 throughout."""
        in_share = (self.loops.share - _LOOPS_FROM) / (_LOOPS_ALL - _LOOPS_FROM)
        loops = min(1.0, max(0.0, in_share)) * min(1.0, self.loops.amount / _LOOPS_WORDS)
        if self.loops.in_a_row >= _LOOPS_WORDS:
            loops = max(loops, _LOOPS_IN_A_ROW)
        rate = self.per_100_words / _ENCODING_ALL
        encoding = min(1.0, _ENCODING_ONE + (1 - _ENCODING_ONE) * rate) if self.places else 0.0
        return {"loops": round(loops, 4), "cut_off": self.end.certainty, "encoding": round(encoding, 4)}

    def evidence(self) -> dict[str, Any]:
        """All of it as plain JSON, as `DegenerationReward` documents it."""
        worst = self.loops.worst
        start, end = _end_span(self.answer) if self.end.certainty else (None, None)
        return {
            "severities": self.severities,
            "loops": {
                "share": round(self.loops.share, 4),
                "worst": worst
                and {"text": worst.text, "start": worst.start, "end": worst.end, "times": worst.times},
            },
            "cut_off": {
                "certainty": self.end.certainty,
                "because": self.end.because,
                "start": start,
                "end": end,
            },
            "encoding": {
                "per_100_words": round(self.per_100_words, 4),
                "count": len(self.places),
                "places": list(_shown(self.places[:_PLACES_SHOWN], self.raw, self.answer)),
            },
        }


def degeneration(sample: Sample) -> Degeneration:
    """What is broken in a sample's answer.

    Loops are looked for in the answer as every reward reads it; the end and the characters in the answer as
    it came, since normalising takes open Markdown and control characters away.  The reasoning is not read,
    but where it was never closed there is no answer, and that is a cut end.

    Args:
        sample: normalised.
    """
    completion = sample.completion
    raw = split(completion.text).answer
    end = UNCLOSED if "unclosed" in completion.defects else cut_off(normalise(raw))
    return Degeneration(completion.answer, raw, loops_of(completion.answer), end, tuple(broken_places(raw)))


def _end_span(answer: str) -> tuple[int | None, int | None]:
    """The last three words; (None, None) without an answer."""
    kept = answer.rstrip()
    if not kept:
        return None, None
    words = kept.rsplit(None, _END_WORDS)
    start = len(words[0]) if len(words) > _END_WORDS else 0
    return start + len(kept[start:]) - len(kept[start:].lstrip()), len(kept)


def _shown(places: Sequence[Place], raw: str, answer: str) -> Iterator[dict[str, Any]]:
    """Places as plain JSON, with their spans in the answer where they are still to be seen there."""
    cursor = 0
    for place in places:
        span = _located(place, raw, answer, cursor)
        start, end = span or (None, None)
        cursor = span[1] if span else cursor
        text = _visible(raw[place.start : place.end])
        yield {"kind": place.kind.value, "text": text, "start": start, "end": end}


def _located(place: Place, raw: str, answer: str, cursor: int) -> tuple[int, int] | None:
    """A place of the raw answer in the normalised one, from `cursor` on; None where it is gone from there."""
    text = normalise(raw[place.start : place.end]).strip()
    if not text:
        return None
    for size in _CONTEXTS:
        before = normalise(raw[max(0, place.start - size) : place.start])
        behind = normalise(raw[place.end : place.end + size])
        at = answer.find(before + text + behind, max(0, cursor - len(before)))
        if at >= 0:
            start = at + len(before)
            return start, start + len(text)
    return None


def _visible(text: str) -> str:
    """A broken place as a person can read it: characters that cannot be shown by their code points."""
    shown = "".join(char if char.isprintable() else f"U+{ord(char):04X} " for char in text[:_CHARS_SHOWN])
    left_out = len(text) - _CHARS_SHOWN
    return shown.strip() if left_out <= 0 else f"{shown.strip()}… [+{left_out} characters]"
