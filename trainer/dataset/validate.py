"""Checks a whole data set and gathers everything that is wrong or worth a look.

The order of the checks: the file's bytes, each line's schema, each text alone, then texts against each other.
A line that holds no record takes no part in the later ones.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from trainer.dataset.duplicates import THRESHOLD, Near, equal, near_answers, near_questions
from trainer.dataset.embedding import Embedder, EmbeddingUnavailable
from trainer.dataset.embedding import Report as Progress
from trainer.dataset.encoding import BOM, check_bytes, check_characters, other_encoding
from trainer.dataset.entries import Entry, entry_of
from trainer.dataset.findings import Finding, Report
from trainer.dataset.load import SCHEMAS, BadRecord, DatasetError, parse_line, read_lines, schema_of
from trainer.dataset.sentences import plain, sentences, words
from trainer.dataset.suspicious import check_answer, check_text

OUTLIER_FROM = 20
"""Fewer texts have no usual length."""
OUTLIER_FENCES = 3.0
"""Quartile distances, of the lengths' logarithms, beyond the quartiles: Tukey's "far out"."""
COMMON_SENTENCE_WORDS = 8
"""A sentence as long as this is not written twice by chance; shorter ones are."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """Fewest and most words."""

    low: int
    high: int

    @classmethod
    def parse(cls, text: str) -> Bounds:
        """Of `LOW:HIGH`.

        Raises:
            ValueError: it is not that.
        """
        low, _, high = text.partition(":")
        if not (low.isdecimal() and high.isdecimal()) or int(low) > int(high):
            raise ValueError(f"{text!r} is not LOW:HIGH, two numbers of words")
        return cls(int(low), int(high))

    def __str__(self) -> str:
        return f"{self.low}:{self.high}"


QUESTION_WORDS = Bounds(3, 60)
ANSWER_WORDS = Bounds(20, 600)


@dataclass(frozen=True, slots=True)
class Rules:
    """What a data set is held to."""

    schema: str | None = None
    """None: told by the first line."""
    question_words: Bounds = QUESTION_WORDS
    answer_words: Bounds = ANSWER_WORDS
    threshold: float = THRESHOLD
    """Cosine from which texts count as near-duplicates."""


def validate(
    path: Path,
    rules: Rules,
    embedder: Callable[[], Embedder] | None = Embedder,
    progress: Callable[[str], Progress] | None = None,
) -> Report:
    """Check a data set.

    Args:
        path: JSONL of any schema.
        rules: what it is held to.
        embedder: makes the embedder once it is needed; None looks for no near-duplicates.
        progress: given the name of a long step, returns what is told how far that is.

    Raises:
        DatasetError: the file can't be read, or is empty.
    """
    lines, raw = read_lines(path), path.read_bytes()
    if name := other_encoding(raw):
        said = Finding(1, None, "error", "encoding", f"the file is {name}; it must be plain UTF-8")
        return Report(str(path), rules.schema or "unknown", len(lines), 0, "not looked for", (said,))
    lines[0] = lines[0].removeprefix(BOM)  # it has a finding of its own; what follows may be good
    schema = rules.schema or schema_of(lines[0])
    if schema not in SCHEMAS:
        raise DatasetError(f"schema {schema!r} is unknown; there are {', '.join(SCHEMAS)}")
    findings = list(check_bytes(raw))
    entries: list[Entry] = []
    for number, line in enumerate(lines, start=1):
        try:
            entries.append(entry_of(number, parse_line(line, SCHEMAS[schema])))
        except BadRecord as error:
            findings += [
                Finding(number, problem.field, "error", "schema", problem.message)
                for problem in error.problems
            ]
    for entry in entries:
        findings += _alone(entry, schema, rules)
    for answers in (False, True):
        texts = _texts(entries, answers=answers)
        findings += _outliers(texts)
    findings += _common_sentences(entries)
    findings += _equal(entries)
    note, near = _near(entries, rules.threshold, embedder, progress)
    findings += near
    findings.sort(key=lambda finding: (finding.line or 0, finding.severity))
    return Report(str(path), schema, len(lines), len(entries), note, tuple(findings))


Placed = tuple[int, str, str]
"""Line, field and text."""


def _texts(entries: Sequence[Entry], *, answers: bool) -> list[Placed]:
    if not answers:
        return [(entry.line, entry.question_field, entry.question) for entry in entries]
    return [(entry.line, entry.answer_field, entry.answer) for entry in entries if entry.answer is not None]


def _alone(entry: Entry, schema: str, rules: Rules) -> Iterator[Finding]:
    for field, text in entry.texts():
        for severity, check, message in (*check_characters(text), *check_text(text)):
            yield Finding(entry.line, field, severity, check, message)
        bounds = rules.answer_words if field == entry.answer_field else rules.question_words
        if not bounds.low <= words(text) <= bounds.high:
            message = f"has {words(text)} words; {bounds.low} to {bounds.high} are usual"
            yield Finding(entry.line, field, "warning", "length", message)
    if entry.answer is None:
        return
    for severity, check, message in check_answer(entry.question, entry.answer):
        yield Finding(entry.line, entry.answer_field, severity, check, message)
    if schema != "qwen" and ("<think>" in entry.answer or "</think>" in entry.answer):
        message = "holds a tag of reasoning; references hold the answer alone"
        yield Finding(entry.line, entry.answer_field, "warning", "markup", message)


def _outliers(texts: Sequence[Placed]) -> Iterator[Finding]:
    lengths = [math.log(max(1, words(text))) for _, _, text in texts]
    if len(lengths) < OUTLIER_FROM:
        return
    lower, _, upper = statistics.quantiles(lengths, n=4)
    # Where all are nearly as long, a little more is no outlier: it takes half or twice as much.
    reach = max(OUTLIER_FENCES * (upper - lower), math.log(2))
    for (line, field, text), length in zip(texts, lengths, strict=True):
        if not lower - reach <= length <= upper + reach:
            usual = f"{math.exp(lower):.0f} to {math.exp(upper):.0f}"
            message = f"has {words(text)} words, far from the others (the middle half has {usual})"
            yield Finding(line, field, "warning", "outlier", message)


def _common_sentences(entries: Sequence[Entry]) -> Iterator[Finding]:
    first: dict[str, int] = {}
    for entry in entries:
        for text in dict.fromkeys(plain(sentence) for sentence in sentences(entry.answer or "")):
            if len(text.split()) < COMMON_SENTENCE_WORDS:
                continue
            line = first.setdefault(text, entry.line)
            if line != entry.line:
                message = f"shares a sentence with line {line}: “{text[:60]}”"
                yield Finding(entry.line, entry.answer_field, "warning", "repetition", message)


def _equal(entries: Sequence[Entry]) -> Iterator[Finding]:
    questions = {second: first for first, second in equal([entry.asked for entry in entries])}
    answered = [place for place, entry in enumerate(entries) if entry.answer is not None]
    pairs = equal([entries[place].answer or "" for place in answered])
    answers = {answered[second]: answered[first] for first, second in pairs}
    for place, entry in enumerate(entries):
        question, answer = questions.get(place), answers.get(place)
        if question is not None and answer is not None and question == answer:
            message = f"the record stands in line {entries[question].line} already"
            yield Finding(entry.line, None, "error", "duplicate", message)
            continue
        if question is not None:
            message = f"the same question stands in line {entries[question].line}"
            yield Finding(entry.line, entry.question_field, "warning", "duplicate", message)
        if answer is not None:
            message = f"the same answer stands in line {entries[answer].line}"
            yield Finding(entry.line, entry.answer_field, "warning", "duplicate", message)


def _near(
    entries: Sequence[Entry],
    threshold: float,
    embedder: Callable[[], Embedder] | None,
    progress: Callable[[str], Progress] | None,
) -> tuple[str, list[Finding]]:
    """How near-duplicates were looked for, and what was found."""
    if embedder is None:
        return "not looked for, as was asked", []
    findings: list[Finding] = []
    try:
        model = embedder()
        questions = [(entry.line, entry.question_field, entry.asked) for entry in entries]
        answers = _texts(entries, answers=True)
        for name, search, texts in (
            ("questions", near_questions, questions),
            ("answers", near_answers, answers),
        ):
            if texts:
                report = progress(f"embedding {name}") if progress else None
                pairs = search([text for _, _, text in texts], model, threshold, report)
                findings += _near_findings(texts, pairs)
    except EmbeddingUnavailable as error:
        return f"not looked for: {error}", []
    among = "questions and among answers" if answers else "questions"
    return f"looked for among {among}, from a cosine of {threshold}", findings


def _near_findings(texts: Sequence[Placed], pairs: Sequence[Near]) -> Iterator[Finding]:
    """One finding for each later text, with the closest earlier one."""
    closest: dict[int, Near] = {}
    for pair in pairs:
        if plain(texts[pair.first][2]) == plain(texts[pair.second][2]):
            continue  # equal texts have a finding of their own
        if pair.second not in closest or pair.cosine > closest[pair.second].cosine:
            closest[pair.second] = pair
    for place, pair in closest.items():
        line, field, _ = texts[place]
        message = f"is close to line {texts[pair.first][0]} (cosine {pair.cosine:.2f})"
        yield Finding(line, field, "warning", "near-duplicate", message)
