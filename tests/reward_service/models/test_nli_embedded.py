"""The embedded NLI model as it is resident: loading, windows, batches.  How good it is: its model card."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from reward_service.errors import ModelUnavailable
from reward_service.models.doubt import doubtful
from reward_service.models.judging import judge
from reward_service.models.nli import EMBEDDED_FOLDER, EmbeddedNli
from reward_service.models.windowed_nli import LENGTH_STEP
from reward_service.quality.labelled import read_labelled
from reward_service.types import Pair

ROOT = Path(__file__).resolve().parents[3]
OWN_TEST = ROOT / "training_data" / "nli" / "test.jsonl"
PUBLIC = ROOT.parent / "shared" / "data" / "nli"
LONG = "The state is an instrument of class rule. " * 60
PAIRS = [
    Pair("The bourgeoisie exploits the working class.", "The working class is exploited."),
    Pair("The state will wither away.", "The state will never wither away."),
    Pair("Labour is the source of value.", "Bananas are yellow."),
    Pair("剩余价值 🚩 [SEP]", "قيمة"),
    Pair(LONG, "The state is an instrument of class rule."),
    Pair(LONG, LONG),
]


@pytest.fixture(scope="module")
def nli(minilm_folder: Path) -> EmbeddedNli:
    return EmbeddedNli(minilm_folder)  # the weights are part of the repository: absent is a failure


def test_it_reports_its_revision_and_calibration(nli: EmbeddedNli) -> None:
    assert nli.spec.role == "nli"
    assert nli.spec.name == "embedded"
    assert nli.spec.revision
    assert nli.calibration.source, "the thresholds of the embedded model are chosen on data"


def test_probabilities_sum_to_one(nli: EmbeddedNli) -> None:
    for verdict in nli.run(nli.prepare(PAIRS)):
        assert sum(verdict) == pytest.approx(1.0, abs=1e-9)
        assert min(verdict) >= 0.0


def test_it_tells_entailment_from_the_unrelated(nli: EmbeddedNli) -> None:
    entailed, denied, unrelated, *_ = nli.run(nli.prepare(PAIRS))
    assert entailed.entailment > unrelated.entailment
    assert denied.contradiction > entailed.contradiction


def test_batched_equals_single(nli: EmbeddedNli) -> None:
    batched = nli.run(nli.prepare(PAIRS))
    for pair, verdict in zip(PAIRS, batched, strict=True):
        np.testing.assert_allclose(verdict, nli.run(nli.prepare([pair]))[0], atol=1e-5)


def test_long_pairs_are_windowed_within_the_models_length(nli: EmbeddedNli) -> None:
    (short, *_, long_premise, long_both) = nli.prepare(PAIRS)
    assert [len(row) for row in short.windows] == [1]
    assert len(long_premise.windows) == 1 < len(long_premise.windows[0])
    assert len(long_both.windows) > 1
    longest = max(len(tokens.ids) for row in long_both.windows for tokens in row)
    assert longest <= 512
    assert nli.cost(long_both) == sum(len(tokens.ids) for row in long_both.windows for tokens in row)


def test_weights_on_another_base_are_refused(minilm_folder: Path, tmp_path: Path) -> None:
    base = tmp_path / "base"
    shutil.copytree(minilm_folder, base)
    with (base / "model.safetensors").open("r+b") as file:
        file.seek(-1, 2)
        file.write(b"\x01")
    with pytest.raises(ModelUnavailable, match="SHA-256"):
        EmbeddedNli(base)


def test_missing_weights_say_what_to_do(minilm_folder: Path, tmp_path: Path) -> None:
    shutil.copy(EMBEDDED_FOLDER / "config.json", tmp_path)
    with pytest.raises(ModelUnavailable, match="REWARD_NLI_MODEL"):
        EmbeddedNli(minilm_folder, tmp_path)


def real_pairs(count: int) -> list[Pair]:
    """Pairs of our own test split and, where it is there, of public sets that people wrote."""
    pairs = read_labelled(OWN_TEST)
    for name in ("wikinli_dev", "lingnli_dev"):
        if (PUBLIC / f"{name}.jsonl").is_file():
            pairs += read_labelled(PUBLIC / f"{name}.jsonl")
    return [pair.pair for pair in random.Random(5).sample(pairs, count)]


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.int8])
def test_a_faster_format_says_the_same_as_float32(
    nli: EmbeddedNli, minilm_folder: Path, dtype: torch.dtype
) -> None:
    pairs = real_pairs(1000)
    exact, fast = (np.array(judge(model, pairs)) for model in (nli, EmbeddedNli(minilm_folder, dtype=dtype)))
    assert float((exact.argmax(axis=1) == fast.argmax(axis=1)).mean()) >= 0.995
    assert float(np.abs(exact - fast).max()) < 0.15


def test_float32_decides_what_is_in_doubt(nli: EmbeddedNli, minilm_folder: Path) -> None:
    """A short format alone would call one pair in a hundred something else."""
    pairs = real_pairs(200)
    short = EmbeddedNli(minilm_folder, dtype=torch.int8)
    found, exact = torch.tensor(judge(short, pairs)), torch.tensor(judge(nli, pairs))
    same = (found - exact).abs().amax(1) < 1e-5
    assert 5 < int(same.sum()) < 100
    assert same[doubtful(found, nli.calibration)].all()


def test_the_steps_of_a_batch_are_its_run(nli: EmbeddedNli) -> None:
    prepared = nli.prepare(PAIRS)
    collated = nli.collate(prepared)
    assert sorted(number for call in collated.calls for number in call.windows) == list(
        range(sum(len(row) for pair in prepared for row in pair.windows))
    )
    assert nli.finish(nli.forward(collated)) == nli.run(prepared)
    assert nli.run([]) == []


def test_a_short_format_pads_each_input_as_if_it_was_alone(minilm_folder: Path) -> None:
    nli = EmbeddedNli(minilm_folder, dtype=torch.bfloat16)
    collated = nli.collate(nli.prepare(real_pairs(100)))
    for call in collated.calls:
        length = call.inputs["input_ids"].shape[1]
        assert length % LENGTH_STEP == 0
        assert all(0 <= length - len(collated.windows[number].ids) < LENGTH_STEP for number in call.windows)


def test_padding_is_little(nli: EmbeddedNli) -> None:
    """Above 8 % of the real tokens the model would mostly compute nothing for the padding."""
    prepared = nli.prepare(real_pairs(300))
    padded = sum(call.inputs["input_ids"].numel() for call in nli.collate(prepared).calls)
    assert padded / sum(map(nli.cost, prepared)) < 1.08


def test_a_temperature_counts_after_the_forward_call(nli: EmbeddedNli) -> None:
    outputs = nli.forward(nli.collate(nli.prepare(PAIRS[:1])))
    flat = nli.recalibrated(replace(nli.calibration, temperature=100.0))
    assert max(flat.finish(outputs)[0]) < max(nli.finish(outputs)[0])


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.int8])
def test_a_verdict_does_not_depend_on_its_company(minilm_folder: Path, dtype: torch.dtype) -> None:
    nli = EmbeddedNli(minilm_folder, dtype=dtype)
    pairs = real_pairs(40)
    prepared = nli.prepare(pairs)
    together = np.array(nli.run(prepared))
    alone = np.array([nli.run([ready])[0] for ready in prepared])
    backwards = np.array(nli.run(prepared[::-1]))[::-1]
    np.testing.assert_allclose(together, alone, atol=1e-5)
    np.testing.assert_allclose(together, backwards, atol=1e-5)
