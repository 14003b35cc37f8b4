"""Which verdicts of a short number format float32 has to decide."""

from __future__ import annotations

import pytest
import torch

from reward_service.models.doubt import NEAR, doubtful
from reward_service.types import Calibration

CALIBRATION = Calibration(claim_entailed=0.35, claim_contradicted=0.4, sentence_contradicted=0.7)
HALF = NEAR / 2


@pytest.mark.parametrize(
    ("probabilities", "expected"),
    [
        ((0.90, 0.07, 0.03), False),
        ((0.03, 0.90, 0.07), False),
        ((0.03, 0.07, 0.90), False),
        ((0.48 + HALF, 0.48 - HALF, 0.04), True),  # a tie of the two highest
        ((0.24, 0.52, 0.24), False),  # a tie of the others decides nothing
        ((0.35 + HALF, 0.60, 0.05 - HALF), True),
        ((0.35 - HALF, 0.60, 0.05 + HALF), True),
        ((0.01, 0.60 - HALF, 0.39 + HALF), True),
        ((0.01, 0.29 - HALF, 0.70 + HALF), True),
        ((0.01, 0.29 + 2 * NEAR, 0.70 - 2 * NEAR), False),
    ],
)
def test_what_is_near_a_threshold_is_in_doubt(
    probabilities: tuple[float, float, float], expected: bool
) -> None:
    assert doubtful(torch.tensor([probabilities]), CALIBRATION).tolist() == [expected]


def test_each_for_itself() -> None:
    clear, near = (0.9, 0.05, 0.05), (0.34, 0.6, 0.06)
    assert doubtful(torch.tensor([clear, near, clear]), CALIBRATION).tolist() == [False, True, False]
    assert doubtful(torch.empty(0, 3), CALIBRATION).tolist() == []
