"""Makes questions out of library chunks, by templates in the order of their worth.

A question has no answer yet: a person or a model is to give one.  It keeps its passage and its source.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from trainer.dataset.authors import Authors, Titled
from trainer.dataset.chunks import Chunk, Template, Topics, Wording, topics
from trainer.dataset.load import DatasetError, QuestionRecord, load_jsonl
from trainer.dataset.sentences import plain


@dataclass(frozen=True, slots=True)
class Asked:
    """What was made of a file of chunks."""

    chunks: int
    questions: tuple[QuestionRecord, ...]
    equal: int
    """Chunks whose question had been asked already."""
    left_out: int
    """Questions that `limit` left out."""
    templates: Mapping[str, int]
    """Template → questions."""
    guessed: Mapping[str, int]
    """Author that is not in the list → questions."""
    without_author: int
    """Questions about works whose title names no author."""


def ask(path: Path, authors: Authors, wording: Wording, *, limit: int | None = None, seed: int = 0) -> Asked:
    """One question for each chunk, without repetitions, in the chunks' order.

    Args:
        path: JSONL with `text`, `article_title` and, where known, `section`, `internal_links`, `categories`.
        authors: the known ones.
        wording: the templates.
        limit: keep so many, drawn at random; all by default.
        seed: of the draw.

    Raises:
        DatasetError: names file, line and field of the first bad chunk; no template fits a chunk; bad limit.
    """
    if limit is not None and limit < 1:
        raise DatasetError(f"limit {limit} is less than one question")
    chunks = load_jsonl(path, Chunk)
    seen: set[tuple[str, str]] = set()
    questions: list[QuestionRecord] = []
    for line, chunk in enumerate(chunks, start=1):
        titled = authors.parse(chunk.article_title)
        found = topics(chunk, wording)
        template, question = _fill(titled, found, wording, where=f"{path}, line {line}")
        key = (plain(question), plain(chunk.text) if template.about == "passage" else "")
        if key in seen:
            continue
        seen.add(key)
        questions.append(
            QuestionRecord(
                instruction=question,
                about=template.about,
                template=template.name,
                article_title=chunk.article_title,
                author=titled.author,
                author_guessed=titled.guessed,
                section=chunk.section,
                text=chunk.text,
                line=line,
            )
        )
    equal = len(chunks) - len(questions)
    made = len(questions)
    if limit is not None and limit < made:
        kept = sorted(random.Random(seed).sample(range(made), limit))
        questions = [questions[place] for place in kept]
    return Asked(
        chunks=len(chunks),
        questions=tuple(questions),
        equal=equal,
        left_out=made - len(questions),
        templates=dict(Counter(question.template for question in questions).most_common()),
        guessed=dict(Counter(q.author for q in questions if q.author and q.author_guessed).most_common()),
        without_author=sum(question.author is None for question in questions),
    )


def _fill(titled: Titled, found: Topics, wording: Wording, where: str) -> tuple[Template, str]:
    """The question, by the first template whose parts are all known."""
    known = {
        "author": titled.author,
        "title": f"“{titled.work}”",
        "section": found.section,
        "concept": found.concept,
        "category": found.category,
    }
    parts = {name: value for name, value in known.items() if value}
    for template in wording.templates:
        if all(name in parts for name in template.needs()):
            joint = template.for_two if template.for_two and " and " in (titled.author or "") else None
            return template, (joint or template.question).format(**parts)
    raise DatasetError(f"{where}: no template fits; the last one should need no more than {{title}}")
