"""Fine-tunes the cross-encoder on labelled pairs and writes its weights and dev curves as it goes."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from rich.console import Console
from torch import Tensor
from torch.nn.functional import log_softmax, softmax
from transformers import PreTrainedTokenizerBase

from reward_service.models.cross_encoder import CrossEncoder
from reward_service.models.nli_training.mix import Share, rounds
from reward_service.quality.labelled import LABEL_IDS, LABELS, LabelledPair

_BATCHES_PER_BUCKET = 50
_LENGTH_STEP = 8
_REPORT_EVERY = 50
_NOT_ENTAILMENT = LABEL_IDS["not_entailment"]

Curve = list[dict[str, Any]]
"""Dev accuracies as training went on."""


@dataclass(frozen=True)
class TrainingPlan:
    """How fast to train, whatever is read. ``label_smoothing`` spreads that share of each target evenly."""

    seed: int = 20261
    batch_size: int = 32
    learning_rate: float = 1.2e-4
    weight_decay: float = 0.01
    warmup: int = 300
    clip_norm: float = 1.0
    max_length: int = 192
    label_smoothing: float = 0.0
    bf16: bool = True


@dataclass(frozen=True)
class Phase:
    """A stretch of training: what is read, for how many steps, and how the learning rate ends.

    A phase starts with a fresh optimiser and the plan's seed, so that it can be repeated alone from the
    weights before it. After the warm-up the rate stays at its peak, and over the last ``decay`` of the steps
    (a share) it falls to zero in a line. Dev sets are measured ``evaluations`` times.
    """

    name: str
    shares: Sequence[Share[Encoded]]
    steps: int
    decay: float = 0.0
    evaluations: int = 5


@dataclass(frozen=True)
class Encoded:
    """A tokenised pair: ids and segment ids of one length, and its class number."""

    input_ids: list[int]
    token_type_ids: list[int]
    label: int


def encode_pairs(
    pairs: Sequence[LabelledPair], tokenizer: PreTrainedTokenizerBase, max_length: int
) -> list[Encoded]:
    """Tokenise pairs as "premise [SEP] hypothesis", cut at ``max_length`` tokens from the longer side."""
    ready = tokenizer(
        [pair.premise for pair in pairs],
        [pair.hypothesis for pair in pairs],
        truncation="longest_first",
        max_length=max_length,
        return_token_type_ids=True,
    )
    columns: tuple[Any, Any] = ready["input_ids"], ready["token_type_ids"]
    return [Encoded(ids, types, pair.label) for ids, types, pair in zip(*columns, pairs, strict=True)]


def collate(batch: Sequence[Encoded]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """ids, attention mask and segment ids of shape (n, length), and labels of shape (n,).

    The length is the longest of the batch, rounded up to a multiple of 8: the CPU kernels are compiled once
    for each shape, so few shapes make short steps.
    """
    longest = max(len(item.input_ids) for item in batch)
    length = -(-longest // _LENGTH_STEP) * _LENGTH_STEP
    ids, mask, types = (torch.zeros(len(batch), length, dtype=torch.long) for _ in range(3))
    for row, item in enumerate(batch):
        size = len(item.input_ids)
        ids[row, :size] = torch.tensor(item.input_ids)
        types[row, :size] = torch.tensor(item.token_type_ids)
        mask[row, :size] = 1
    return ids, mask, types, torch.tensor([item.label for item in batch])


def batches(shares: Sequence[Share[Encoded]], size: int, rng: random.Random) -> Iterator[list[Encoded]]:
    """Batches without end, in random order, each of pairs of similar length."""
    for order in rounds(shares, rng):
        bucket = size * _BATCHES_PER_BUCKET
        ready: list[list[Encoded]] = []
        for start in range(0, len(order), bucket):
            part = sorted(order[start : start + bucket], key=lambda item: len(item.input_ids))
            ready.extend(part[index : index + size] for index in range(0, len(part), size))
        rng.shuffle(ready)
        yield from ready


def nli_loss(logits: Tensor, labels: Tensor, smoothing: float = 0.0) -> Tensor:
    """Mean cross-entropy of logits (n, 3) and labels (n,); ``not_entailment`` is neutral or contradiction.

    ``smoothing`` is the share of a three-way target that is spread evenly over the classes (Szegedy et al.
    2016).
    """
    scores = log_softmax(logits.float(), dim=1)
    rest = torch.logsumexp(scores[:, 1:], dim=1, keepdim=True)
    losses: Tensor = -torch.cat([scores, rest], dim=1).gather(1, labels.unsqueeze(1)).squeeze(1)
    if smoothing:
        spread = torch.where(labels == _NOT_ENTAILMENT, losses, -scores.mean(dim=1))
        losses = (1 - smoothing) * losses + smoothing * spread
    return losses.mean()


@torch.inference_mode()
def predict(
    model: CrossEncoder, items: Sequence[Encoded], batch_size: int = 64, bf16: bool = False
) -> Tensor:
    """Logits of shape (n, 3) in the order of ``items``; leaves the model in eval mode."""
    model.eval()
    order = sorted(range(len(items)), key=lambda index: len(items[index].input_ids))
    logits = torch.zeros(len(items), len(LABELS))
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        ids, mask, types, _ = collate([items[index] for index in chosen])
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
            logits[torch.tensor(chosen)] = model(ids, mask, types).float()
    return logits


def accuracy(logits: Tensor, labels: Sequence[int]) -> float:
    """Share of right classes; where labels are two-way, neutral and contradiction count as one."""
    found = softmax(logits, dim=1).argmax(dim=1)
    wanted = torch.tensor(list(labels))
    right = torch.where(wanted == _NOT_ENTAILMENT, found != 0, found == wanted)
    return float(right.float().mean())


def train(
    model: CrossEncoder,
    phases: Sequence[Phase],
    dev: Mapping[str, Sequence[Encoded]],
    plan: TrainingPlan,
    checkpoint: Callable[[str, CrossEncoder, Curve], None],
    console: Console,
) -> Curve:
    """Train ``model`` in place, phase by phase, and return the dev curve.

    ``dev`` maps a set's name to its pairs. Each entry of the curve holds the phase's name, its steps, pairs
    and minutes so far, the mean loss since the entry before, and an accuracy for each dev set.
    ``checkpoint`` is called at each with the phase's name, the model and the curve so far.
    """
    curve: Curve = []
    for phase in phases:
        clock = _Clock()
        torch.manual_seed(plan.seed)
        optimiser = torch.optim.AdamW(_parameter_groups(model, plan), lr=plan.learning_rate, fused=True)
        pairs = sum(round(share.weight * len(share.items)) for share in phase.shares)
        console.print(f"{phase.name}: {pairs} pairs a round, {phase.steps} steps of {plan.batch_size}")
        rng = random.Random(f"{plan.seed}:{phase.name}")
        due = {round(phase.steps * part / phase.evaluations) for part in range(1, phase.evaluations + 1)}
        for step, batch in enumerate(batches(phase.shares, plan.batch_size, rng), start=1):
            for group in optimiser.param_groups:
                group["lr"] = plan.learning_rate * _rate(step, phase, plan)
            clock.add(len(batch), _step(model, batch, optimiser, plan))
            if step % _REPORT_EVERY == 0:
                console.print(f"{phase.name} {step}/{phase.steps}  {clock}", highlight=False)
            if step in due or step == phase.steps:
                entry: dict[str, Any] = {"phase": phase.name, "step": step, **clock.entry()}
                entry.update(accuracies(model, dev, plan))
                curve.append(entry)
                console.print(entry, highlight=False)
                checkpoint(phase.name, model, curve)
            if step == phase.steps:
                break
    return curve


class _Clock:
    """Pairs, minutes and losses since a phase began."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._pairs = 0
        self._losses: list[float] = []

    def add(self, pairs: int, loss: float) -> None:
        self._pairs += pairs
        self._losses.append(loss)

    def entry(self) -> dict[str, Any]:
        """What the curve keeps; the mean loss starts anew."""
        loss, self._losses = sum(self._losses) / len(self._losses), []
        return {"pairs": self._pairs, "minutes": round(self._seconds() / 60, 1), "loss": round(loss, 4)}

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def __str__(self) -> str:
        recent = self._losses[-_REPORT_EVERY:]
        loss = sum(recent) / max(1, len(recent))
        return f"loss {loss:.3f}  {self._pairs / self._seconds():.0f} pairs/s  {self._seconds() / 60:.1f} min"


def _rate(step: int, phase: Phase, plan: TrainingPlan) -> float:
    """Share of the peak rate: up over the first steps, level, then down to zero in a line."""
    up = step / plan.warmup if plan.warmup else 1.0
    falling = max(1.0, phase.decay * phase.steps)
    down = (phase.steps - step + 1) / falling if phase.decay else 1.0
    return min(1.0, up, down)


def accuracies(
    model: CrossEncoder, dev: Mapping[str, Sequence[Encoded]], plan: TrainingPlan
) -> dict[str, float]:
    """Set → accuracy on its pairs."""
    return {
        name: round(accuracy(predict(model, held, bf16=plan.bf16), [item.label for item in held]), 4)
        for name, held in dev.items()
    }


def _step(
    model: CrossEncoder, batch: Sequence[Encoded], optimiser: torch.optim.Optimizer, plan: TrainingPlan
) -> float:
    """One optimiser step; returns the batch's loss."""
    model.train()
    ids, mask, types, labels = collate(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=plan.bf16):
        logits = model(ids, mask, types)
    loss = nli_loss(logits, labels, plan.label_smoothing)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], plan.clip_norm)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return float(loss.detach())


def _parameter_groups(model: CrossEncoder, plan: TrainingPlan) -> list[dict[str, Any]]:
    """Matrices with weight decay, vectors without."""
    wanted = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices, vectors = [p for p in wanted if p.dim() > 1], [p for p in wanted if p.dim() == 1]
    return [
        {"params": matrices, "weight_decay": plan.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
