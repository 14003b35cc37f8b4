"""Writes the model card beside the weights from the figures that the other stages left there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from string import Template
from typing import Any

from reward_service.models.cross_encoder import CONFIG_FILE, DELTA_FILE

CARD_FILE = "MODEL_CARD.md"
FIGURES_FILE = "figures.json"
_TEMPLATE = "card.template.md"


def write_card(out: Path) -> None:
    """Write ``MODEL_CARD.md`` in ``out``; raises KeyError while a stage has not left its figures yet."""
    config = json.loads((out / CONFIG_FILE).read_text(encoding="utf-8"))
    figures = json.loads((out / FIGURES_FILE).read_text(encoding="utf-8"))
    template = Template(Path(__file__).with_name(_TEMPLATE).read_text(encoding="utf-8"))
    last = figures["dev_curve"][-1]
    card = template.substitute(
        revision=config["revision"],
        size=f"{(out / DELTA_FILE).stat().st_size:,}",
        package=config["base"]["package"],
        version=config["base"]["version"],
        sha256=config["base"]["sha256"],
        max_length=config["max_length"],
        seed=figures["seed"],
        steps=f"{last['step']:,}",
        pairs_seen=f"{last['pairs']:,}",
        training_minutes=f"{last['minutes']:.0f}",
        pairs=f"{sum(figures['training_pairs'].values()):,}",
        counts=_counts(figures["training_pairs"]),
        curve=_curve(figures["dev_curve"]),
        sets=_sets(figures["final"]),
        by_rule=_shares(figures["final"]["derived_dev"]["by_rule"]),
        agreement=f"{100 * figures['agreement']['verdicts']:.2f} % of {figures['agreement']['n']:,} verdicts",
        thresholds=_thresholds(config["calibration"]),
        verdicts=_verdicts(figures["calibration"]["reported_on"]),
        questions=figures["calibration"]["questions"],
        flagged=f"{100 * figures['calibration']['references_flagged_as_inconsistent']:.1f} %",
        caught=f"{100 * figures['calibration']['blatant_negations_caught']:.1f} %",
    )
    (out / CARD_FILE).write_text(card, encoding="utf-8")


def _counts(counts: Mapping[str, int]) -> str:
    return "\n".join(f"| `{name}` | {count:,} |" for name, count in counts.items())


def _curve(curve: list[dict[str, Any]]) -> str:
    names = [name for name in curve[0] if name.endswith("_dev")]
    head = "| step | loss | " + " | ".join(f"`{name}`" for name in names) + " |"
    rows = [
        f"| {entry['step']:,} | {entry['loss']:.3f} | "
        + " | ".join(f"{100 * entry[name]:.1f} %" for name in names)
        + " |"
        for entry in curve
    ]
    return "\n".join([head, "|" + "---|" * (len(names) + 2), *rows])


def _sets(final: Mapping[str, Mapping[str, Any]]) -> str:
    rows = []
    for name, entry in final.items():
        error = f"{entry['ece']:.3f}" if "ece" in entry else ""
        kind = entry.get("labels", "three labels")
        rows.append(f"| `{name}` | {kind} | {entry['n']:,} | {100 * entry['accuracy']:.1f} % | {error} |")
    return "\n".join(rows)


def _shares(shares: Mapping[str, float]) -> str:
    return "\n".join(
        f"| {name.removeprefix('derived:')} | {100 * share:.0f} % |" for name, share in shares.items()
    )


def _thresholds(calibration: Mapping[str, Any]) -> str:
    return "\n".join(f"- `{name}`: {value}" for name, value in calibration.items())


def _verdicts(table: Mapping[str, Mapping[str, float]]) -> str:
    return "\n".join(
        f"| {kind} | " + " | ".join(f"{100 * share:.0f} %" for share in calls.values()) + " |"
        for kind, calls in table.items()
    )
