"""One hash over all that decides a score; two scores compare only under one fingerprint."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from functools import cache
from pathlib import Path

from reward_service.models.protocols import ModelSpec
from reward_service.types import Calibration
from shared.schema import SCHEMA_VERSION

PACKAGE = Path(__file__).parent
SHARED = PACKAGE.parent / "shared"
SCORING_CODE = (
    "rewards/*.py",
    "evidence/*.py",
    "models/*.py",
    "lexicons/*.py",
    "lexicons/*.tsv",
    "quality/labelled.py",
    "*.py",
)
NOT_SCORING = frozenset(
    {"app.py", "cli.py", "__main__.py", "settings.py", "errors.py", "jsonl.py"}
    | {"fakes.py", "fake_syntax.py", "scheduler.py", "queue.py", "judging.py", "calibration.py"}
    | {"pipeline.py", "lanes.py", "turns.py", "work.py", "handover.py", "speed.py", "cache.py"}
    | {"score_cache.py", "workers.py", "annotation_pool.py", "annotation_worker.py"}
)


@cache
def code_digest() -> str:
    """SHA-256 over the code that decides a score: rewards, evidence, arithmetic and model code.

    The web side, settings and the queue are left out: they may change without any score changing.
    """
    digest = hashlib.sha256()
    files = {
        path for pattern in SCORING_CODE for path in PACKAGE.glob(pattern) if path.name not in NOT_SCORING
    }
    for path in sorted(files | {SHARED / "completion.py"}):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def fingerprint(specs: Sequence[ModelSpec], calibration: Calibration, catalogue_digest: str) -> str:
    """Hash models (name, revision, dtype), calibration, catalogue and code; 16 hex digits.

    The device is left out: it moves scores by rounding only.

    Args:
        specs: the resident models.
        calibration: the thresholds of the NLI model.
        catalogue_digest: hash of the lexicon and the recipes.
    """
    decides = {
        "schema": SCHEMA_VERSION,
        "code": code_digest(),
        "catalogue": catalogue_digest,
        "models": [[spec.role, spec.name, spec.revision, spec.dtype] for spec in specs],
        "calibration": asdict(calibration),
    }
    return hashlib.sha256(json.dumps(decides, sort_keys=True).encode()).hexdigest()[:16]
