"""One command from data to weights, calibration, figures and model card.

    python -m reward_service.models.nli_training --data DIR --out DIR [--seed N]

``DIR`` of ``--data`` holds ``curated_qa_dev.jsonl`` and ``nli/*.jsonl``. ``--stage`` repeats one stage alone,
``--start FILE`` the second phase of training alone, from the checkpoint that the first one left.
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from transformers import AutoTokenizer

from reward_service.commands import calibrate
from reward_service.models import cross_encoder as ce
from reward_service.models.annotator import SpacyAnnotator
from reward_service.models.embedder import SentenceEmbedder
from reward_service.models.hub import CALIBRATION_FILE
from reward_service.models.nli import EmbeddedNli
from reward_service.models.nli_training import base as ours
from reward_service.models.nli_training import card, evaluate, phases, plot, sources, speed
from reward_service.models.nli_training import train as training
from reward_service.models.nli_training.mix import Share
from reward_service.models.nli_training.sources import is_for_calibration
from reward_service.models.protocols import ModelPack
from reward_service.quality.answers import drawn, read_questions, with_answers
from reward_service.quality.labelled import LABELS, LabelledPair

STAGES = ("train", "calibrate", "evaluate", "card")


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stages that the command line asks for."""
    options = _parser().parse_args(arguments)
    torch.set_num_threads(options.threads)
    console = Console(width=160)
    stages = STAGES if options.stage == "all" else (options.stage,)
    evaluate.evaluation_sets(
        _folders(options), options.seed
    )  # what is missing is said before the hours go by
    if "train" in stages:
        _train(options, console)
    if "calibrate" in stages:
        _calibrate(options, console)
    if "evaluate" in stages:
        _evaluate(options, console)
    if "card" in stages:
        figures = json.loads((options.out / card.FIGURES_FILE).read_text(encoding="utf-8"))
        plot.draw_curve(figures["dev_curve"], options.out / plot.CURVE_FILE)
        card.write_card(options.out)


def _folders(options: argparse.Namespace) -> phases.Folders:
    return phases.Folders(options.data, options.own)


def _train(options: argparse.Namespace, console: Console) -> None:
    base, folders = ours.base_dir(), _folders(options)
    plan = training.TrainingPlan(seed=options.seed, bf16=options.bf16)
    tokenizer = AutoTokenizer.from_pretrained(str(base), local_files_only=True)

    def encoded(shares: Sequence[Share[LabelledPair]]) -> list[Share[training.Encoded]]:
        return [
            Share(share.name, training.encode_pairs(share.items, tokenizer, plan.max_length), share.weight)
            for share in shares
        ]

    read = {phases.PUBLIC: phases.public(folders), phases.READING: phases.reading(folders, options.seed)}
    counts = {name: _counts(shares) for name, shares in read.items()}
    console.print(counts)
    todo = [
        training.Phase(phases.PUBLIC, encoded(read[phases.PUBLIC]), options.steps[0], evaluations=5),
        training.Phase(
            phases.READING, encoded(read[phases.READING]), options.steps[1], decay=0.6, evaluations=6
        ),
    ]
    torch.manual_seed(plan.seed)  # the head starts from chance
    model = ce.CrossEncoder.from_base(base)
    before: list[dict[str, Any]] = []
    if options.start is not None:
        model.load_state_dict(torch.load(options.start, weights_only=True))
        earlier = json.loads(options.start.with_name(card.FIGURES_FILE).read_text(encoding="utf-8"))
        before = [entry for entry in earlier["dev_curve"] if entry["phase"] == todo[0].name]
        todo = todo[1:]

    options.checkpoints.mkdir(parents=True, exist_ok=True)
    for stale in (file for phase in todo for file in options.checkpoints.glob(f"{phase.name}*.pt")):
        stale.unlink()

    def checkpoint(phase: str, trained: ce.CrossEncoder, curve: training.Curve) -> None:
        state = trained.state_dict()
        torch.save(state, options.checkpoints / f"{phase}.pt")
        torch.save(state, options.checkpoints / f"{phase}-{curve[-1]['step']}.pt")
        figures = {
            "seed": plan.seed,
            "bf16": plan.bf16,
            "training_pairs": counts,
            "dev_curve": [*before, *curve],
        }
        ce.write_json(options.checkpoints / card.FIGURES_FILE, figures)

    dev = {
        name: training.encode_pairs(pairs, tokenizer, plan.max_length)
        for name, pairs in phases.dev_sets(folders, options.seed).items()
    }
    training.train(model, todo, dev, plan, checkpoint, console)
    for stale in (CALIBRATION_FILE, card.CARD_FILE):  # they speak of other weights
        (options.out / stale).unlink(missing_ok=True)
    ce.save_cross_encoder(model, options.out, base, _config(base, plan))
    figures = json.loads((options.checkpoints / card.FIGURES_FILE).read_text(encoding="utf-8"))
    ce.write_json(options.out / card.FIGURES_FILE, figures)


def _calibrate(options: argparse.Namespace, console: Console) -> None:
    """As `python -m reward_service calibrate` does it, on questions that gave no training pair."""
    base, data = ours.base_dir(), ours.ROOT / "training_data"
    held_out = [
        question
        for question in read_questions(options.data / phases.CURATED)
        if is_for_calibration(question.question)
    ]
    questions = with_answers(
        [*held_out, *read_questions(data / "curated_qa.jsonl")], data / "answer_variants.jsonl"
    )
    work = calibrate.Work(
        questions=drawn(questions, options.questions, options.seed),
        pairs=sources.own_pairs(options.own, "dev"),
        source=(
            f"thresholds on {options.questions} questions with honest and attacked answers: those of "
            "training_data/curated_qa.jsonl that have answers by hand, and curated ones that gave no "
            "training pair; temperature on training_data/nli/dev.jsonl"
        ),
        out=options.out / CALIBRATION_FILE,
        seed=options.seed,
    )
    models = ModelPack(
        name="embedded",
        annotator=SpacyAnnotator(),
        embedder=SentenceEmbedder(base, name="MiniLM", revision=ours.base_package().requirement),
        nli=EmbeddedNli(base, options.out),  # float32, as the server runs it by default
    )
    _add_figures(options.out, {"calibration": calibrate.calibrate(work, models, console)})


def _evaluate(options: argparse.Namespace, console: Console) -> None:
    base, folders = ours.base_dir(), _folders(options)
    nli = EmbeddedNli(base, options.out)
    sets = evaluate.evaluation_sets(folders, options.seed)
    found: dict[str, Any] = {"final": evaluate.evaluate_sets(nli, sets, console)}
    found["hypothesis_only"] = evaluate.baselines(folders, base)
    half = EmbeddedNli(base, options.out, dtype=torch.bfloat16)
    pairs = [*sets["own_test"], *sets["wikinli_dev"], *sets["cad_dev"]]
    found["bfloat16"] = evaluate.agreement(nli, half, pairs)
    trained = options.checkpoints / f"{phases.READING}.pt"
    if trained.is_file():
        found["stored"] = evaluate.agreement(nli, _unstored(nli, base, trained), pairs)
    found["speed"] = {
        name: speed.pace(model, pairs=options.speed_pairs).median
        for name, model in (("float32", nli), ("bfloat16", half))
    }
    console.print({name: value for name, value in found.items() if name != "final"}, highlight=False)
    _add_figures(options.out, found)


def _unstored(nli: EmbeddedNli, base: Path, checkpoint: Path) -> EmbeddedNli:
    """The model with the weights of a checkpoint, before they were stored in eight bits."""
    model = ce.CrossEncoder.from_base(base)
    model.load_state_dict(torch.load(checkpoint, weights_only=True))
    return nli.with_model(model)


def _add_figures(out: Path, found: Mapping[str, Any]) -> None:
    path = out / card.FIGURES_FILE
    ce.write_json(path, {**json.loads(path.read_text(encoding="utf-8")), **found})


def _counts(shares: Sequence[Share[LabelledPair]]) -> dict[str, dict[str, float]]:
    """Set → its pairs and its weight; of pairs by rule also how many each rule gave."""
    counts: dict[str, dict[str, float]] = {}
    for share in shares:
        counts[share.name] = {"pairs": len(share.items), "weight": share.weight}
        if share.name.startswith("derived"):
            counts[share.name] |= Counter(item.origin.partition(":")[2] for item in share.items)
    return counts


def _config(base: Path, plan: training.TrainingPlan) -> dict[str, Any]:
    """The configuration beside the weights."""
    return {
        "id2label": dict(enumerate(LABELS)),
        "base": {
            "package": ours.base_package().requirement.partition("==")[0],
            "version": ours.base_package().version,
            "file": ce.BASE_FILE,
            "sha256": ce.file_sha256(base / ce.BASE_FILE),
        },
        "max_length": plan.max_length,
        "pooling": "cls+mean",
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nli_training", description=__doc__)
    parser.add_argument(
        "--data", type=Path, required=True, help=f"folder with {phases.CURATED} and nli/*.jsonl"
    )
    parser.add_argument(
        "--own", type=Path, default=ours.OWN, help="folder with our own train, dev and test pairs"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, figures and card")
    parser.add_argument(
        "--checkpoints", type=Path, default=ours.CHECKPOINTS, help="folder for checkpoints and the curve"
    )
    parser.add_argument("--start", type=Path, help="a checkpoint of the first phase: train the second alone")
    parser.add_argument(
        "--steps",
        type=int,
        nargs=2,
        default=(phases.PUBLIC_STEPS, phases.READING_STEPS),
        metavar=("FIRST", "SECOND"),
        help="optimiser steps of the two phases",
    )
    parser.add_argument("--seed", type=int, default=training.TrainingPlan.seed)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--bf16",
        action=argparse.BooleanOptionalAction,
        default=training.TrainingPlan.bf16,
        help="bf16 autocast; without it float32, which is faster on a CPU that only emulates bf16",
    )
    parser.add_argument(
        "--questions", type=int, default=calibrate.QUESTIONS, help="at most this many choose the thresholds"
    )
    parser.add_argument(
        "--speed-pairs", type=int, default=256, help="distinct pairs of each run that times the model"
    )
    parser.add_argument("--stage", choices=("all", *STAGES), default="all")
    return parser


if __name__ == "__main__":
    main()
