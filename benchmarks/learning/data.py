"""Questions to learn from and questions that are held out; answers for the warm-up."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

CURATED = Path("training_data/curated_qa.jsonl")
HOLD_OUT_EVERY = 8
"""The file is ordered by theme, so every eighth pair leaves every theme on both sides."""
THOUGHT = "<think>\nWho argued it, where, and why?\n</think>\n"
FEWEST_WORDS = 8


def split(curated: Path, folder: Path) -> tuple[Path, Path]:
    """Write `train.jsonl` and `held_out.jsonl`, GRPO records without a system prompt; return their paths."""
    pairs = [json.loads(line) for line in curated.read_text(encoding="utf-8").splitlines()]
    records = [
        {"prompt": [{"role": "user", "content": pair["instruction"]}], "reference": pair["response"]}
        for pair in pairs
    ]
    held_out = [record for at, record in enumerate(records) if at % HOLD_OUT_EVERY == HOLD_OUT_EVERY // 2]
    train = [record for record in records if record not in held_out]
    return _write(folder / "train.jsonl", train), _write(folder / "held_out.jsonl", held_out)


def warm_up_pairs(answers: Iterable[tuple[str, str]], path: Path) -> int:
    """Write the policy's own answers as curated pairs: whole sentences, every second one after a thought.

    Its own answers teach a form and nothing else: what it writes stays what it was, but it ends within the
    length, and writes the tags about half of the time, so that GRPO can strengthen them.  (The curated
    answers are far from what so small a policy writes: after two passes over them its text fell apart.)

    Args:
        answers: question and answer.
        path: where.

    Returns:
        How many answers held a whole sentence and were kept.
    """
    kept = list(_whole(answers))
    _write(
        path,
        [
            {"instruction": question, "response": (THOUGHT if at % 2 else "") + answer}
            for at, (question, answer) in enumerate(kept)
        ],
    )
    return len(kept)


def _whole(answers: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    for question, answer in answers:
        sentences = re.match(r".*[.!?](?=\s|$)", " ".join(answer.split()))
        if sentences and len(sentences[0].split()) >= FEWEST_WORDS:
            yield question, sentences[0]


def _write(path: Path, records: Iterable[object]) -> Path:
    path.write_text(
        "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), encoding="utf-8"
    )
    return path
