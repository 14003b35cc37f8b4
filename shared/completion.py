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

    The answer is what follows the last `</think>`; the reasoning is what stands between the first `<think>` (or
    the start, since R1 templates open the tag in the prompt) and the last `</think>`.  Without any tag all of
    it is the answer.  A `<think>` that is never closed leaves no answer: the model ran out of tokens.

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

    if last_open > last_close:
        start = last_open if last_close >= 0 else first_open
        return Completion(text, text[start + len(OPEN) :].strip(), "", opened, closed, tuple(defects))
    if closed == 0:
        return Completion(text, "", text.strip(), opened, closed, tuple(defects))
    start = first_open + len(OPEN) if 0 <= first_open < last_close else 0
    reasoning = text[start:last_close].strip()
    answer = text[last_close + len(CLOSE) :].strip()
    return Completion(text, reasoning, answer, opened, closed, tuple(defects))
