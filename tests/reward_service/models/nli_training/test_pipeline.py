"""`make nli` from data to card, with a handful of pairs and steps."""

from __future__ import annotations

import json
from itertools import cycle, islice
from pathlib import Path

import pytest
import torch

from reward_service.models.hub import CALIBRATION_FILE
from reward_service.models.nli import EmbeddedNli
from reward_service.models.nli_training import card, evaluate, plot, sources
from reward_service.models.nli_training.__main__ import main
from reward_service.models.nli_training.base import OWN
from reward_service.quality.labelled import LABELS

ANSWERS = (
    "The guild set the price of bread in {place}. Bakers obeyed the rule, which the council had passed. "
    "Wages rose after the strike. Merchants opposed the guild.",
    "Coal drove the engines of {place}. The owners did not raise wages. Parliament limited the working day, "
    "which had been longer before. Workers founded a union in 1889.",
)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A folder like the one that `make nli` reads, with a few invented records in each file."""
    folder = tmp_path / "data"
    (folder / "nli").mkdir(parents=True)
    places = [f"the town of Place{number}" for number in range(24)]
    names = [public.name for public in sources.PUBLIC_SETS]
    for number, name in enumerate([*names, *evaluate.THREE_WAY, *evaluate.TWO_WAY]):
        records = [
            {
                "premise": f"In {place} a woman plays a violin before crowd {number}.",
                "hypothesis": f"Somebody makes music in {place} before crowd {number}.",
                "label": LABELS[index % 3],
            }
            for index, place in enumerate(places)
        ]
        _write(folder / "nli" / f"{name}.jsonl", records)
    answers = islice(cycle(ANSWERS), len(places))
    _write(
        folder / "curated_qa_dev.jsonl",
        [
            {"instruction": f"What happened in {place}?", "response": answer.format(place=place)}
            for place, answer in zip(places, answers, strict=True)
        ],
    )
    return folder


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """The first grids of each split of our own pairs."""
    folder = tmp_path / "own"
    folder.mkdir()
    for split in ("train", "dev", "test"):
        lines = (OWN / f"{split}.jsonl").read_text(encoding="utf-8").splitlines(keepends=True)
        (folder / f"{split}.jsonl").write_text("".join(lines[:60]), encoding="utf-8")
    return folder


def _write(path: Path, records: list[dict[str, str]]) -> None:
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


def test_one_command_leaves_weights_calibration_figures_curve_and_card(
    tmp_path: Path, data: Path, own: Path, minilm_folder: Path
) -> None:
    out, checkpoints = tmp_path / "out", tmp_path / "checkpoints"
    threads = torch.get_num_threads()
    arguments = [
        *("--data", str(data), "--own", str(own), "--out", str(out), "--checkpoints", str(checkpoints)),
        *(
            "--steps",
            "2",
            "2",
            "--questions",
            "4",
            "--threads",
            str(threads),
            "--speed-pairs",
            "4",
            "--no-bf16",
        ),
    ]
    main(arguments)
    figures = json.loads((out / card.FIGURES_FILE).read_text())
    assert [(entry["phase"], entry["step"]) for entry in figures["dev_curve"]][-1] == ("reading", 2)
    assert {"public", "reading"} == {entry["phase"] for entry in figures["dev_curve"]}
    assert set(figures["final"]) >= {"own_test", "rte_dev", "fever_symmetric", "med_kept"}
    assert figures["stored"]["verdicts"] > 0.95
    written = (out / card.CARD_FILE).read_text()
    assert "$" not in written
    assert "role swap" in written
    assert "AdamW" in written
    assert "bf16 autocast" not in written
    assert (out / plot.CURVE_FILE).read_text().lstrip().startswith("<?xml")
    nli = EmbeddedNli(minilm_folder, out)
    assert nli.calibration.source is not None

    main([*arguments, "--stage", "train", "--start", str(checkpoints / "public.pt")])
    assert not (out / CALIBRATION_FILE).exists(), "it spoke of other weights"
    again = json.loads((out / card.FIGURES_FILE).read_text())
    phases = [entry["phase"] for entry in again["dev_curve"]]
    assert phases == [entry["phase"] for entry in figures["dev_curve"]]
    assert EmbeddedNli(minilm_folder, out).calibration.source is None


def test_what_is_missing_is_said_before_training(tmp_path: Path, data: Path, own: Path) -> None:
    (data / "nli" / "fever_symmetric.jsonl").unlink()
    arguments = ["--data", str(data), "--own", str(own), "--out", str(tmp_path / "out")]
    with pytest.raises(FileNotFoundError, match="fever_symmetric"):
        main([*arguments, "--checkpoints", str(tmp_path / "checkpoints")])
    assert not (tmp_path / "checkpoints").exists()
