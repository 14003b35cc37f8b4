"""Which verdicts in a short number format are so near a threshold that float32 has to decide."""

from __future__ import annotations

from torch import Tensor

from reward_service.types import Calibration

NEAR = 0.02
"""Distance of a probability from a threshold below which a short format may stand on the wrong side of it.

Two probabilities that are nearly the highest are as near when they differ by twice as much, since both move.
"""


def doubtful(probabilities: Tensor, calibration: Calibration) -> Tensor:
    """Whether each verdict may be another one in float32, as booleans of shape (n,).

    Args:
        probabilities: P(entailment), P(neutral), P(contradiction); shape (n, 3).
        calibration: the thresholds by which rewards read verdicts.
    """
    first, second = probabilities.topk(2, dim=-1).values.unbind(-1)
    entailment, _, contradiction = probabilities.unbind(-1)
    near = first - second < 2 * NEAR
    near |= (entailment - calibration.claim_entailed).abs() < NEAR
    for threshold in (calibration.claim_contradicted, calibration.sentence_contradicted):
        near |= (contradiction - threshold).abs() < NEAR
    return near
