"""The parts of a completion: reasoning, answer, and what is wrong with its tags."""

from __future__ import annotations

from dataclasses import dataclass

OPEN, CLOSE = "<think>", "</think>"


@dataclass(frozen=True, slots=True)
class Completion:
    """A completion split at its `<think>` tags.

    `text` is the completion as it came; `reasoning` and `answer` are stripped of white space.
    """

    text: str
    reasoning: str
    answer: str
    opened: int
    """How many `<think>` it holds."""
    closed: int
    """How many `</think>` it holds."""
    defects: tuple[str, ...] = ()
    """`unclosed`, `several_open`, `several_close`, `close_before_open`, `text_before_reasoning`."""

    @property
    def well_formed(self) -> bool:
        """Reasoning closed by exactly one `</think>`, with an answer behind it."""
        return self.closed == 1 and self.opened <= 1 and not self.defects and bool(self.answer)


def split(text: str) -> Completion:
    """Split a completion into reasoning and answer.

    The answer is what follows the last `</think>`.  The reasoning is what stands before that: behind the
    first `<think>`, or from the start where a `</think>` comes first, since R1 templates open the tag in the
    prompt.  Without any tag all of it is the answer.  A `<think>` that is never closed leaves no answer: the
    model ran out of tokens, and all that follows the first tag is reasoning.  Only what stands in front of a
    `<think>` that comes first is in neither, and the defect `text_before_reasoning` says so.

    Source: REWARDS.md, "The parts of a completion".
    """
    opened, closed = text.count(OPEN), text.count(CLOSE)
    first_open, last_open = text.find(OPEN), text.rfind(OPEN)
    first_close, last_close = text.find(CLOSE), text.rfind(CLOSE)

    defects = []
    if opened > 1:
        defects.append("several_open")
    if closed > 1:
        defects.append("several_close")
    if last_open > last_close:
        defects.append("unclosed")
    if 0 <= first_close < first_open:
        defects.append("close_before_open")
    if opened and text[:first_open].strip() and "close_before_open" not in defects:
        defects.append("text_before_reasoning")

    if opened == 0 and closed == 0:
        return Completion(text, "", text.strip(), opened, closed)
    opens_first = first_open >= 0 and "close_before_open" not in defects
    start = first_open + len(OPEN) if opens_first else 0
    if last_open > last_close:
        return Completion(text, text[start:].strip(), "", opened, closed, tuple(defects))
    reasoning = text[start:last_close].strip()
    answer = text[last_close + len(CLOSE) :].strip()
    return Completion(text, reasoning, answer, opened, closed, tuple(defects))
