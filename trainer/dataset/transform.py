"""Makes the training formats out of curated pairs; the same input gives the same bytes.

`grpo_dataset.jsonl`          {"prompt": [system, user], "reference": …}      for GRPO
`formatted/train_qwen.jsonl`  {"text": "<|im_start|>system\n…"}               ChatML, for supervised training
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.completion import CLOSE, OPEN
from trainer.dataset.load import CuratedPair, DatasetError, load_curated

GRPO_FILE = Path("grpo_dataset.jsonl")
QWEN_FILE = Path("formatted") / "train_qwen.jsonl"
CHATML = ("<|im_start|>", "<|im_end|>")

REASONING = (
    f"First reason about the question between {OPEN} and {CLOSE}. "
    f"Then, after {CLOSE}, give your answer in complete sentences."
)
"""What GRPO asks beside the system prompt, since the format rewards look for it.  The curated answers hold no
reasoning, so the supervised format does not ask for it."""


@dataclass(frozen=True, slots=True)
class Built:
    """What a build wrote."""

    pairs: int
    files: tuple[Path, ...]


def build(source: Path, system_prompt: Path, output_dir: Path) -> Built:
    """Read curated pairs and write both formats, each file whole or not at all.

    Args:
        source: JSONL of `instruction`, `response`, `source`.
        system_prompt: a text file; who the assistant is and how it should answer.
        output_dir: where `grpo_dataset.jsonl` and `formatted/train_qwen.jsonl` go.

    Raises:
        DatasetError: names file, line and field of the first bad record.
    """
    pairs = load_curated(source)
    try:
        system = system_prompt.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{system_prompt}: can't be read as UTF-8 text: {error}") from error
    if not system:
        raise DatasetError(f"{system_prompt}: is empty; a system prompt is needed")
    _refuse_chatml(pairs, source, system, system_prompt)

    targets = (output_dir / GRPO_FILE, output_dir / QWEN_FILE)
    write_jsonl(targets[0], (grpo_record(pair, system) for pair in pairs))
    write_jsonl(targets[1], (qwen_record(pair, system) for pair in pairs))
    return Built(len(pairs), targets)


def grpo_record(pair: CuratedPair, system: str) -> dict[str, Any]:
    """The prompt as chat messages, and the curated answer as the reference."""
    return {
        "prompt": [
            {"role": "system", "content": f"{system}\n\n{REASONING}"},
            {"role": "user", "content": pair.instruction.strip()},
        ],
        "reference": pair.response.strip(),
    }


def qwen_record(pair: CuratedPair, system: str) -> dict[str, Any]:
    """The whole conversation in ChatML, the format of Qwen's chat template."""
    start, end = CHATML
    messages = (("system", system), ("user", pair.instruction.strip()), ("assistant", pair.response.strip()))
    return {"text": "".join(f"{start}{role}\n{content}{end}\n" for role, content in messages)}


def write_jsonl(path: Path, records: Iterable[Mapping[str, Any]]) -> None:
    """Write beside the place and rename: a reader sees the old file or the new one, never a piece."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(
        "w", encoding="utf-8", newline="\n", dir=path.parent, prefix=f".{path.name}-", delete=False
    ) as file:
        try:
            for record in records:
                file.write(json.dumps(record, ensure_ascii=False) + "\n")
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            Path(file.name).unlink()
            raise
    partial = Path(file.name)
    partial.chmod(0o644)  # temporary files are private; this one is data like any other
    partial.replace(path)


def _refuse_chatml(pairs: Sequence[CuratedPair], source: Path, system: str, system_prompt: Path) -> None:
    """A text that holds ChatML's own marks would end its message early."""
    if any(mark in system for mark in CHATML):
        raise DatasetError(f"{system_prompt}: holds a mark of the chat format ({' or '.join(CHATML)})")
    for number, pair in enumerate(pairs, start=1):
        for field in ("instruction", "response"):
            for mark in CHATML:
                if mark in getattr(pair, field):
                    raise DatasetError(
                        f"{source}, line {number}: field {field}: holds {mark}, a mark of the chat format"
                    )
