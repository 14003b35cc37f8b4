"""Checks a question or an answer alone: what reads as if it were not meant for a training set."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from trainer.dataset.chatml import holds_mark
from trainer.dataset.encoding import Said, around
from trainer.dataset.sentences import plain, sentences, words

_PLACEHOLDER = re.compile(
    r"\b(?:TODO|FIXME|TBD|TBA)\b|\blorem ipsum\b|\[(?:insert|your|todo|placeholder)\b[^\]]*\]|\{\{?\w+\}?\}",
    re.IGNORECASE,
)
_NO_ANSWER = re.compile(
    r"(?:todo|tbd|n/?a|none|null|nan|unknown|placeholder|answer|text|\W*)\.?", re.IGNORECASE
)
_REFUSAL = re.compile(
    r"\bas an? (?:AI|artificial intelligence)\b|\b(?:large |AI )language model\b|\bas a language model\b"
    r"|\bI(?:'m|’m| am)(?: sorry,? but I(?: can| am|'m|’m)| unable to| not able to (?:help|answer|provide))"
    r"|\bI (?:cannot|can't|can’t) (?:help|assist|answer|provide|fulfil|comply|engage)\b"
    r"|\bmy (?:knowledge cutoff|training data)\b",
    re.IGNORECASE,
)
_URL = re.compile(r"https?://\S+|\bwww\.\S+", re.IGNORECASE)
_MARKUP = re.compile(
    r"\[\[|\]\]|'''|\{\{|\}\}|^=+ .* =+$"  # wiki
    r"|</?(?:a|b|i|p|br|em|ref|sup|sub|div|span|strong|small|code|pre|img|ul|ol|li|table|t[rdh]|h[1-6]"
    r"|blockquote|nowiki|math|html|body)\b[^>]*>|&(?:[a-z]{2,8}|#\d{1,6});"  # HTML
    r"|\*\*|^#{1,6} |```|\]\(|^\s*[-*•] "  # Markdown
    r"|\[(?:\d{1,3}|edit|citation needed|note \d+)\]|\[(?:ref|cite|source|id)[:=][^\]]*\]",  # references
    re.IGNORECASE | re.MULTILINE,
)
_ENDED = re.compile(r"[.!?][\"'”’»)\]]*$")
_BROKEN_OFF = re.compile(r"(?:\.\.\.|…)[\"'”’»)\]]*$")
_STUTTER = re.compile(r"\b(\w+)(?:\s+\1\b){2,}", re.IGNORECASE)
_SENTENCE_WORDS = 4
"""A shorter sentence may well be said twice."""
_VARIETY = (60, 0.3)
"""From how many words on, and which share of different ones is too small."""


def check_text(text: str) -> Iterator[Said]:
    """What is suspicious in a question and in an answer alike."""
    if mark := holds_mark(text):
        yield "error", "chat marks", f"holds {mark}, a mark of the chat format"
    if match := _PLACEHOLDER.search(text):
        yield "warning", "placeholder", f"holds a placeholder: {around(text, match.start())}"
    if match := _URL.search(text):
        yield "warning", "URL", f"holds a URL: {match[0][:60]}"
    if match := _MARKUP.search(text):
        yield (
            "warning",
            "markup",
            f"holds what is left of markup or of references: {around(text, match.start())}",
        )


def check_answer(question: str, answer: str) -> Iterator[Said]:
    """What is suspicious in an answer."""
    if _NO_ANSWER.fullmatch(answer.strip()):
        yield "error", "empty answer", f"says nothing: {answer.strip()!r}"
        return
    if match := _REFUSAL.search(answer):
        yield "warning", "refusal", f"speaks as a model, or refuses: {around(answer, match.start())}"
    yield from _echo(question, answer)
    yield from _end(answer.rstrip())
    yield from _repetition(answer)


def _echo(question: str, answer: str) -> Iterator[Said]:
    asked, said = plain(question), plain(answer)
    if asked == said:
        yield "error", "empty answer", "is the question again"
    elif asked and len(asked.split()) >= _SENTENCE_WORDS and said.startswith(f"{asked} "):
        yield "warning", "echo", "begins with the question itself"


def _end(answer: str) -> Iterator[Said]:
    if _BROKEN_OFF.search(answer):
        yield "warning", "broken off", f"ends with an ellipsis: {around(answer, len(answer))}"
    elif not _ENDED.search(answer):
        yield "warning", "broken off", f"does not end like a sentence: {around(answer, len(answer))}"


def _repetition(answer: str) -> Iterator[Said]:
    counts = Counter(plain(sentence) for sentence in sentences(answer))
    repeated = [text for text, n in counts.items() if n > 1 and len(text.split()) >= _SENTENCE_WORDS]
    if repeated:
        yield "warning", "repetition", f"says a sentence {counts[repeated[0]]} times: “{repeated[0][:60]}”"
    if match := _STUTTER.search(answer):
        yield "warning", "repetition", f"repeats a word: {around(answer, match.start())}"
    said = plain(answer).split()
    least, share = _VARIETY
    if words(answer) >= least and len(set(said)) < share * len(said):
        yield "warning", "repetition", f"has only {len(set(said))} different words among {len(said)}"
