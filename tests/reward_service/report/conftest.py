"""Files of scores, written as `score` writes them."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

FINGERPRINT = "c1b3576c76c1"
REWARD = "full_coherence_reward"

Write = Callable[..., Path]


def parquet(
    path: Path, columns: Mapping[str, Sequence[Any]], rewards: Sequence[str], fingerprint: str | None
) -> Path:
    """A Parquet file with `score`'s metadata, and floats in the columns of rewards and parts."""
    arrays = {
        name: pa.array(values, pa.float64() if name in rewards or name.startswith("part.") else None)
        for name, values in columns.items()
    }
    table = pa.table(arrays)
    if fingerprint is not None:
        noted = {"fingerprint": fingerprint, "rewards": list(rewards), "pack": "embedded"}
        table = table.replace_schema_metadata({"touchstone": json.dumps(noted)})
    pq.write_table(table, path)
    return path


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Writes `name.parquet` with a score for each question; further columns by keyword."""

    def written(
        name: str,
        scores: Sequence[float | None],
        *,
        fingerprint: str | None = FINGERPRINT,
        rewards: Sequence[str] = (REWARD,),
        **further: Sequence[Any],
    ) -> Path:
        rows = range(len(scores))
        columns = {
            "id": [f"q{row}" for row in rows],
            "prompt": [f"What is rent, {row}?" for row in rows],
            "completion": [f"Rent is due on land. {name} says so." for row in rows],
            REWARD: scores,
            f"{REWARD}_reason": ["no claim in the reference" if score is None else None for score in scores],
            **{key.replace("__", "."): values for key, values in further.items()},
        }
        return parquet(tmp_path / f"{name}.parquet", columns, rewards, fingerprint)

    return written
