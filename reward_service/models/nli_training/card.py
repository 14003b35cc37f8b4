"""Writes the model card beside the weights from the figures that the other stages left there."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from string import Template
from typing import Any

from reward_service.models.cross_encoder import CONFIG_FILE, DELTA_FILE
from reward_service.models.hub import CALIBRATION_FILE
from reward_service.models.nli_training.phases import READING
from reward_service.models.nli_training.train import TrainingPlan

CARD_FILE = "MODEL_CARD.md"
FIGURES_FILE = "figures.json"
_TEMPLATE = "card.template.md"


def write_card(out: Path) -> None:
    """Write ``MODEL_CARD.md`` in ``out``; raises KeyError or FileNotFoundError while a stage has left
    nothing yet."""
    config, figures, calibration = (
        json.loads((out / name).read_text(encoding="utf-8"))
        for name in (CONFIG_FILE, FIGURES_FILE, CALIBRATION_FILE)
    )
    plan = TrainingPlan()
    template = Template(Path(__file__).with_name(_TEMPLATE).read_text(encoding="utf-8"))
    curve, final, chosen = figures["dev_curve"], figures["final"], figures["calibration"]
    alone, test = figures["hypothesis_only"], final["own_test"]
    card = template.substitute(
        revision=config["revision"],
        size=f"{(out / DELTA_FILE).stat().st_size:,}",
        **{name: config["base"][name] for name in ("package", "version", "sha256")},
        max_length=config["max_length"],
        seed=figures["seed"],
        batch=plan.batch_size,
        rate=f"{plan.learning_rate:g}",
        precision="bf16 autocast" if figures.get("bf16", True) else "float32",
        steps=", then ".join(_steps(curve)),
        pairs_seen=f"{sum(last['pairs'] for last in _last(curve).values()):,}",
        minutes=f"{sum(last['minutes'] for last in _last(curve).values()):.0f}",
        counts=_counts(figures["training_pairs"]),
        rules=_rules(figures["training_pairs"][READING]),
        curve=_curve(curve),
        test_n=f"{test['n']:,}",
        test_accuracy=_percent(test["accuracy"]),
        test_ece=f"{test['ece']:.3f}",
        phenomena=_phenomena(test["by_phenomenon"]),
        confusion=_confusion(test["confusion"]),
        words_alone=_percent(alone["words"]),
        embeddings_alone=_percent(alone["embeddings"]),
        sets=_sets(final),
        by_rule=_phenomena(final["derived_dev"]["by_phenomenon"]),
        stored=_agreement(figures["stored"]),
        bfloat16=_agreement(figures["bfloat16"]),
        speed_float32=f"{figures['speed']['float32']:.0f}",
        speed_bfloat16=f"{figures['speed']['bfloat16']:.0f}",
        thresholds=_thresholds(calibration),
        verdicts=_verdicts(chosen["reported_on"]),
        flagged=_percent(chosen["references_flagged_as_inconsistent"]),
        caught=_percent(chosen["blatant_negations_caught"]),
    )
    (out / CARD_FILE).write_text(card, encoding="utf-8")


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def _steps(curve: Sequence[Mapping[str, Any]]) -> list[str]:
    """The phases' names with their number of steps."""
    return [f"{last['step']:,} steps `{phase}`" for phase, last in _last(curve).items()]


def _last(curve: Sequence[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    """Phase → its last entry."""
    return {entry["phase"]: entry for entry in curve}


def _counts(counts: Mapping[str, Mapping[str, Mapping[str, float]]]) -> str:
    names = dict.fromkeys(name for phase in counts.values() for name in phase)
    rows = []
    for name in names:
        shares = [phase[name] for phase in counts.values() if name in phase]
        weights = [str(phase[name]["weight"]) if name in phase else "–" for phase in counts.values()]
        rows.append([f"`{name}`", f"{shares[0]['pairs']:,}", *weights])
    return _table(["training data", "pairs", *(f"weight in `{phase}`" for phase in counts)], rows)


def _rules(reading: Mapping[str, Mapping[str, float]]) -> str:
    """The rules of the derived sets with their pairs."""
    sets = [name for name in reading if name.startswith("derived")]
    rules = sorted({rule for name in sets for rule in reading[name]} - {"pairs", "weight"})
    rows = [[rule, *(f"{reading[name].get(rule, 0):,}" for name in sets)] for rule in rules]
    return _table(["rule", *(f"`{name}`" for name in sets)], rows)


def _curve(curve: Sequence[Mapping[str, Any]]) -> str:
    names = [name for name in curve[-1] if name.endswith("_dev")]
    rows = [
        [
            entry["phase"],
            f"{entry['step']:,}",
            f"{entry['loss']:.3f}",
            *(f"{100 * entry[name]:.1f}" if name in entry else "–" for name in names),
        ]
        for entry in curve
    ]
    return _table(["phase", "step", "loss", *(f"`{name}`" for name in names)], rows)


def _phenomena(table: Mapping[str, Mapping[str, float]]) -> str:
    ordered = sorted(table.items(), key=lambda item: -item[1]["accuracy"])
    rows = [
        [name.rpartition(":")[2].replace("_", " "), str(entry["n"]), _percent(entry["accuracy"])]
        for name, entry in ordered
    ]
    return _table(["", "pairs", "accuracy"], rows)


def _confusion(table: Mapping[str, Mapping[str, int]]) -> str:
    columns = list(next(iter(table.values())))
    rows = [[label, *(str(row[guess]) for guess in columns)] for label, row in table.items()]
    return _table(["label \\ verdict", *columns], rows)


def _sets(final: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        [f"`{name}`", entry["labels"], f"{entry['n']:,}", _percent(entry["accuracy"]), f"{entry['ece']:.3f}"]
        for name, entry in final.items()
        if name != "own_test"
    ]
    return _table(["set", "labels", "pairs", "accuracy", "calibration error"], rows)


def _agreement(found: Mapping[str, float]) -> str:
    return f"{100 * found['verdicts']:.2f} % of {found['n']:,} verdicts"


def _thresholds(calibration: Mapping[str, Any]) -> str:
    return "\n".join(
        f"- `{name}`: {value}" for name, value in calibration.items() if name not in ("model", "revision")
    )


def _verdicts(table: Mapping[str, Mapping[str, float]]) -> str:
    rows = [
        [kind, str(row["n"]), *(f"{100 * share:.0f} %" for call, share in row.items() if call != "n")]
        for kind, row in table.items()
    ]
    return _table(["answer", "answers", "entailment", "neutral", "contradiction"], rows)
