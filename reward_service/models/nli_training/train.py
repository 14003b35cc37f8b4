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

from reward_service.models.cross_encoder import LABELS, CrossEncoder
from reward_service.models.nli_training.sources import LABEL_IDS, LabelledPair

_BATCHES_PER_BUCKET = 50
_LENGTH_STEP = 8
_NOT_ENTAILMENT = LABEL_IDS["not_entailment"]


@dataclass(frozen=True)
class TrainingPlan:
    """How long and how fast to train.

    ``epochs`` may be fractional. ``minutes`` is a wall-clock limit: when a loaded machine is too slow for the
    planned steps, the learning rate falls to zero by the clock instead of by the step. None sets no limit.
    """

    seed: int = 20261
    epochs: float = 2.0
    batch_size: int = 32
    learning_rate: float = 1.2e-4
    weight_decay: float = 0.01
    warmup: float = 0.06
    clip_norm: float = 1.0
    max_length: int = 192
    evaluations: int = 5
    minutes: float | None = None
    bf16: bool = True


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


def shuffled_batches(items: Sequence[Encoded], size: int, rng: random.Random) -> Iterator[list[Encoded]]:
    """One epoch in random order, in batches of similar length."""
    order = list(items)
    rng.shuffle(order)
    bucket = size * _BATCHES_PER_BUCKET
    batches: list[list[Encoded]] = []
    for start in range(0, len(order), bucket):
        part = sorted(order[start : start + bucket], key=lambda item: len(item.input_ids))
        batches.extend(part[index : index + size] for index in range(0, len(part), size))
    rng.shuffle(batches)
    yield from batches


def nli_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of logits (n, 3) and labels (n,); ``not_entailment`` is neutral or contradiction."""
    scores = log_softmax(logits.float(), dim=1)
    rest = torch.logsumexp(scores[:, 1:], dim=1, keepdim=True)
    losses: Tensor = -torch.cat([scores, rest], dim=1).gather(1, labels.unsqueeze(1))
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
    items: Sequence[Encoded],
    dev: Mapping[str, Sequence[Encoded]],
    plan: TrainingPlan,
    save: Callable[[list[dict[str, Any]], bool], None],
    console: Console,
) -> list[dict[str, Any]]:
    """Train ``model`` in place and return the dev curve.

    ``dev`` maps a set's name to its pairs; it is measured ``plan.evaluations`` times, and each time ``save``
    is called with the curve so far and whether this is the end. Each entry holds step, pairs, minutes, loss
    and accuracies.
    """
    rng = random.Random(plan.seed)
    groups = _parameter_groups(model, plan)
    optimiser = torch.optim.AdamW(groups, lr=plan.learning_rate, fused=True)
    steps = round(plan.epochs * len(items) / plan.batch_size)
    curve: list[dict[str, Any]] = []
    started, losses, seen, step = time.monotonic(), 0.0, 0, 0
    next_share = 1 / plan.evaluations
    console.print(f"{len(items)} pairs, {steps} steps of {plan.batch_size}", highlight=False)
    recent = 0
    for step, batch in enumerate(_forever(items, plan.batch_size, rng), start=1):
        elapsed = (time.monotonic() - started) / 60
        progress = max(step / steps, elapsed / plan.minutes if plan.minutes else 0.0)
        for group in optimiser.param_groups:
            group["lr"] = plan.learning_rate * _schedule(min(progress, 1.0), plan.warmup)
        losses += _step(model, batch, optimiser, plan)
        seen, recent = seen + len(batch), recent + 1
        if step % 50 == 0:
            pace = (time.monotonic() - started) / step
            report = f"step {step}/{steps}  loss {losses / recent:.3f}  {pace:.2f} s/step"
            console.print(report, highlight=False)
        done = progress >= 1.0
        if done or progress >= next_share:
            next_share += 1 / plan.evaluations
            entry: dict[str, Any] = {"step": step, "pairs": seen, "minutes": round(elapsed, 1)}
            entry["loss"] = round(losses / recent, 4)
            for name, held in dev.items():
                entry[name] = round(
                    accuracy(predict(model, held, bf16=plan.bf16), [item.label for item in held]), 4
                )
            curve.append(entry)
            console.print(entry, highlight=False)
            save(curve, done)
            losses, recent = 0.0, 0
        if done:
            break
    return curve


def _schedule(progress: float, warmup: float) -> float:
    """Share of the peak rate at ``progress`` (0 … 1): linear up over ``warmup``, then linear down to zero."""
    return progress / warmup if progress < warmup else (1 - progress) / (1 - warmup)


def _step(
    model: CrossEncoder, batch: Sequence[Encoded], optimiser: torch.optim.Optimizer, plan: TrainingPlan
) -> float:
    """One optimiser step; returns the batch's loss."""
    model.train()
    ids, mask, types, labels = collate(batch)
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=plan.bf16):
        logits = model(ids, mask, types)
    loss = nli_loss(logits, labels)
    loss.backward()  # type: ignore[no-untyped-call]
    torch.nn.utils.clip_grad_norm_([p for p in model.parameters() if p.requires_grad], plan.clip_norm)
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return float(loss.detach())


def _forever(items: Sequence[Encoded], size: int, rng: random.Random) -> Iterator[list[Encoded]]:
    while True:
        yield from shuffled_batches(items, size, rng)


def _parameter_groups(model: CrossEncoder, plan: TrainingPlan) -> list[dict[str, Any]]:
    """Matrices with weight decay, vectors without."""
    wanted = [parameter for parameter in model.parameters() if parameter.requires_grad]
    matrices, vectors = [p for p in wanted if p.dim() > 1], [p for p in wanted if p.dim() == 1]
    return [
        {"params": matrices, "weight_decay": plan.weight_decay},
        {"params": vectors, "weight_decay": 0.0},
    ]
