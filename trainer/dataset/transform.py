"""Makes the training formats out of curated pairs; the same input gives the same bytes.

`grpo_dataset.jsonl`          {"prompt": [system, user], "reference": …}      for GRPO
`formatted/train_qwen.jsonl`  {"text": "<|im_start|>system\n…"}               ChatML, for supervised training
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.completion import CLOSE, OPEN
from trainer.dataset import chatml
from trainer.dataset.load import CuratedPair, DatasetError, load_curated
from trainer.dataset.write import write_jsonl

GRPO_FILE = Path("grpo_dataset.jsonl")
QWEN_FILE = Path("formatted") / "train_qwen.jsonl"

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


def build(source: Path, system_prompt: Path | None, output_dir: Path) -> Built:
    """Read curated pairs and write both formats, each file whole or not at all.

    Args:
        source: JSONL of `instruction`, `response`, `source`.
        system_prompt: a text file; who the assistant is and how it should answer.  None for none: then the
            GRPO prompts only say where the reasoning goes, and the supervised format has no system message.
        output_dir: where `grpo_dataset.jsonl` and `formatted/train_qwen.jsonl` go.

    Raises:
        DatasetError: names file, line and field of the first bad record.
    """
    pairs = load_curated(source)
    system = None if system_prompt is None else read_system_prompt(system_prompt)
    _refuse_chatml(pairs, source)

    targets = (output_dir / GRPO_FILE, output_dir / QWEN_FILE)
    write_jsonl(targets[0], (grpo_record(pair, system) for pair in pairs))
    write_jsonl(targets[1], (qwen_record(pair, system) for pair in pairs))
    return Built(len(pairs), targets)


def read_system_prompt(path: Path) -> str:
    """The text of a system prompt, without the white space around it.

    Raises:
        DatasetError: the file can't be read, is empty, or holds a mark of the chat format.
    """
    try:
        system = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise DatasetError(f"{path}: can't be read as UTF-8 text: {error}") from error
    if not system:
        raise DatasetError(f"{path}: is empty; a system prompt is needed (or --no-system-prompt)")
    if chatml.holds_mark(system):
        raise DatasetError(f"{path}: holds a mark of the chat format ({' or '.join(chatml.MARKS)})")
    return system


def grpo_record(pair: CuratedPair, system: str | None) -> dict[str, Any]:
    """The prompt as chat messages, and the curated answer as the reference."""
    return {
        "prompt": [
            {"role": "system", "content": REASONING if system is None else f"{system}\n\n{REASONING}"},
            {"role": "user", "content": pair.instruction.strip()},
        ],
        "reference": pair.response.strip(),
    }


def qwen_record(pair: CuratedPair, system: str | None) -> dict[str, Any]:
    """The whole conversation in ChatML, the format of Qwen's chat template."""
    conversation = [("user", pair.instruction.strip()), ("assistant", pair.response.strip())]
    return {"text": chatml.render(conversation if system is None else [("system", system), *conversation])}


def _refuse_chatml(pairs: Sequence[CuratedPair], source: Path) -> None:
    """A text that holds ChatML's own marks would end its message early."""
    for number, pair in enumerate(pairs, start=1):
        for field in ("instruction", "response"):
            if mark := chatml.holds_mark(getattr(pair, field)):
                raise DatasetError(
                    f"{source}, line {number}: field {field}: holds {mark}, a mark of the chat format"
                )
