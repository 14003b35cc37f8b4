"""A run's own files: `metrics.jsonl` and `samples.jsonl` step by step, and the same as Parquet for analysis.

pandas.read_parquet("runs/a40/metrics.parquet").query("name == 'full_coherence_smooth_reward'")
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from trainer.runfolder import RunFolder
from trainer.tracking.record import StepRecord, read_records
from trainer.tracking.samples import Sample, read_samples


class JsonLines:
    """Appends every record and sample, and closes the file: a kill loses at most the running step."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder

    def step(self, record: StepRecord) -> None:
        """A step is done."""
        _append(self._folder.metrics, [record.line()])

    def samples(self, samples: Sequence[Sample]) -> None:
        """The completions of a step."""
        _append(self._folder.samples, [sample.line() for sample in samples])


def write_parquet(folder: RunFolder) -> None:
    """Write `metrics.parquet` and `samples.parquet` anew from the JSON lines.

    `metrics.parquet` has a row for each step and name: `step`, `kind` (reward, part, total, trainer), `name`,
    `mean`, `std`, `low`, `high`, `zero_spread`, `scored`, `unscorable`; TRL's own metrics have only a mean.
    `samples.parquet` has a row for each completion, with a column `score/<name>` for each reward and part,
    and `unscorable` and `evidence` as JSON.
    """
    _write(folder.metrics_parquet, [row for record in read_records(folder.metrics) for row in _rows(record)])
    samples = read_samples(folder.samples)
    names = dict.fromkeys(name for sample in samples for name in sample.scores)
    _write(folder.samples_parquet, [_row(sample, names) for sample in samples])


def _rows(record: StepRecord) -> Iterator[dict[str, Any]]:
    total = {} if record.total is None else {"reward": record.total}
    for kind, spreads in (("reward", record.rewards), ("part", record.parts), ("total", total)):
        for name, spread in spreads.items():
            yield {"step": record.step, "kind": kind, "name": name, **asdict(spread)}
    for name, value in record.trainer.items():
        yield {"step": record.step, "kind": "trainer", "name": name, "mean": value}


def _row(sample: Sample, names: Iterable[str]) -> dict[str, Any]:
    return {
        "step": sample.step,
        "question": sample.question,
        "answer": sample.answer,
        "reference": sample.reference,
        "tokens": sample.tokens,
        **{f"score/{name}": sample.scores.get(name) for name in names},
        "unscorable": json.dumps(sample.unscorable, ensure_ascii=False),
        "evidence": json.dumps(sample.evidence, ensure_ascii=False),
    }


def _write(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet

    if not rows:
        return
    columns = dict.fromkeys(name for row in rows for name in row)
    partial = path.with_name(f".{path.name}.partial")
    pyarrow.parquet.write_table(
        pa.table({name: [row.get(name) for row in rows] for name in columns}), partial
    )
    partial.replace(path)


def _append(path: Path, lines: Sequence[str]) -> None:
    with path.open("a", encoding="utf-8") as file:
        file.write("".join(f"{line}\n" for line in lines))
