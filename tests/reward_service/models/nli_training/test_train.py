"""The training loop on a tiny model: it learns, it is repeatable, and its curve says what happened."""

from __future__ import annotations

import io
from typing import Any

import pytest
import torch
from rich.console import Console
from transformers import BertConfig, BertModel

from reward_service.models.cross_encoder import CrossEncoder
from reward_service.models.nli_training.mix import Share
from reward_service.models.nli_training.train import Encoded, Phase, TrainingPlan, nli_loss, train

PLAN = TrainingPlan(seed=7, batch_size=16, learning_rate=5e-3, warmup=5, max_length=8, bf16=False)


def tiny() -> CrossEncoder:
    torch.manual_seed(1)
    config = BertConfig(
        vocab_size=20,
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=16,
    )
    return CrossEncoder(BertModel(config, add_pooling_layer=False))  # type: ignore[no-untyped-call]


def pairs(count: int) -> list[Encoded]:
    """The class is the token after the first separator."""
    return [Encoded([1, 5 + i % 4, 2, 10 + i % 3, 2], [0, 0, 0, 1, 1], i % 3) for i in range(count)]


def run(phases: list[Phase]) -> tuple[list[dict[str, Any]], list[tuple[str, int]], CrossEncoder]:
    model, calls = tiny(), []
    curve = train(
        model,
        phases,
        {"some_dev": pairs(30)},
        PLAN,
        lambda phase, _, curve: calls.append((phase, len(curve))),
        Console(file=io.StringIO()),
    )
    return curve, calls, model


def test_two_phases_learn_and_leave_a_curve() -> None:
    shares = [Share("all", pairs(90))]
    curve, calls, _ = run(
        [Phase("first", shares, 60, evaluations=2), Phase("second", shares, 40, decay=0.5, evaluations=2)]
    )
    assert [(entry["phase"], entry["step"]) for entry in curve] == [
        ("first", 30),
        ("first", 60),
        ("second", 20),
        ("second", 40),
    ]
    assert calls == [("first", 1), ("first", 2), ("second", 3), ("second", 4)]
    assert curve[-1]["some_dev"] > 0.9
    assert curve[-1]["loss"] < curve[0]["loss"]
    assert curve[0]["pairs"] < curve[1]["pairs"] <= 60 * 16


def test_the_same_seed_gives_the_same_weights() -> None:
    phases = [Phase("only", [Share("all", pairs(90))], 20)]
    one, two = run(phases)[2], run(phases)[2]
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name]), name


def test_smoothing_pulls_the_best_answer_away_from_certainty() -> None:
    logits = torch.tensor([[9.0, 0.0, 0.0], [3.0, 0.0, 0.0]])
    certain, modest = logits[:1], logits[1:]
    label = torch.tensor([0])
    assert float(nli_loss(certain, label)) < float(nli_loss(modest, label))
    assert float(nli_loss(certain, label, 0.2)) > float(nli_loss(modest, label, 0.2))


def test_smoothing_leaves_two_way_labels_alone() -> None:
    logits, label = torch.tensor([[0.0, 2.0, 1.0]]), torch.tensor([3])
    assert float(nli_loss(logits, label, 0.3)) == pytest.approx(float(nli_loss(logits, label)))
