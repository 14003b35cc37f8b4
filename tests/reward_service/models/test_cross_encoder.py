"""The cross-encoder: its storage in numbers, and its behaviour on pairs written for this test."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from transformers import BertConfig, BertModel, PreTrainedTokenizerBase

from reward_service.models.cross_encoder import (
    BASE_FILE,
    DELTA_FILE,
    CrossEncoder,
    apply_delta,
    compact_delta,
    dequantise_rows,
    file_sha256,
    load_cross_encoder,
    quantise_rows,
    save_cross_encoder,
)
from reward_service.models.nli_training.base import base_dir
from reward_service.models.nli_training.train import accuracy, collate, encode_pairs, nli_loss, predict
from reward_service.quality.labelled import LABEL_IDS, LABELS, LabelledPair

WEIGHTS = Path(__file__).parents[3] / "reward_service" / "models" / "nli_embedded"
MAX_BYTES = 12_000_000


@pytest.fixture(scope="module")
def model() -> CrossEncoder:
    return load_cross_encoder(WEIGHTS, base_dir())


@pytest.fixture(scope="module")
def tokenizer() -> PreTrainedTokenizerBase:
    from transformers import AutoTokenizer

    loaded: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(str(base_dir()), local_files_only=True)
    return loaded


@pytest.fixture
def tiny_base(tmp_path: Path) -> Path:
    """A folder with a BERT of random weights, small enough to save in a test."""
    torch.manual_seed(5)
    config = BertConfig(
        vocab_size=40,
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=32,
    )
    tiny = BertModel(config, add_pooling_layer=False)  # type: ignore[no-untyped-call]
    tiny.save_pretrained(str(tmp_path / "base"))
    return tmp_path / "base"


def test_quantised_rows_are_off_by_half_a_step_at_most() -> None:
    delta = torch.randn(50, 70, generator=torch.Generator().manual_seed(1)) * torch.logspace(
        -6, 1, 50
    ).unsqueeze(1)
    codes, scale = quantise_rows(delta)
    assert codes.dtype == torch.int8
    assert scale.shape == (50,)
    error = (dequantise_rows(codes, scale) - delta).abs()
    assert bool((error <= scale.unsqueeze(1) * 0.5001).all())


def test_a_row_of_zeros_stays_zero() -> None:
    codes, scale = quantise_rows(torch.zeros(2, 3))
    assert torch.equal(dequantise_rows(codes, scale), torch.zeros(2, 3))


def test_the_delta_leaves_frozen_embeddings_out_and_rebuilds_the_rest(tiny_base: Path) -> None:
    base = CrossEncoder.from_base(tiny_base).state_dict()
    trained = {name: value + 0.01 * torch.randn_like(value) for name, value in base.items()}
    stored = compact_delta(trained, base)
    assert not any("word_embeddings" in name or "position_embeddings" in name for name in stored)
    assert "encoder.embeddings.LayerNorm.weight" in stored
    rebuilt = apply_delta(base, stored)
    for name, value in trained.items():
        if "_embeddings." in name:
            assert torch.equal(rebuilt[name], base[name])
        else:
            assert torch.allclose(rebuilt[name], value, atol=3e-4), name


def test_a_delta_for_another_base_is_refused() -> None:
    with pytest.raises(KeyError):
        apply_delta({"a": torch.zeros(2)}, {"b": torch.zeros(2)})


def test_saved_weights_load_as_the_same_model(tiny_base: Path, tmp_path: Path) -> None:
    before = CrossEncoder.from_base(tiny_base)
    with torch.no_grad():
        for parameter in before.parameters():
            if parameter.requires_grad:
                parameter.add_(0.02 * torch.randn_like(parameter))
    config = {"base": {"package": "x", "version": "1", "sha256": file_sha256(tiny_base / BASE_FILE)}}
    revision = save_cross_encoder(before, tmp_path / "out", tiny_base, config)
    after = load_cross_encoder(tmp_path / "out", tiny_base)
    inputs = (
        torch.tensor([[1, 5, 7, 2]]),
        torch.ones(1, 4, dtype=torch.long),
        torch.zeros(1, 4, dtype=torch.long),
    )
    assert torch.allclose(before.eval()(*inputs), after(*inputs), atol=2e-2)
    assert json.loads((tmp_path / "out" / "config.json").read_text())["revision"] == revision
    assert file_sha256(tmp_path / "out" / DELTA_FILE).startswith(revision)


def test_weights_on_another_base_are_refused(tiny_base: Path, tmp_path: Path) -> None:
    config = {"base": {"package": "x", "version": "1", "sha256": "0" * 64}}
    save_cross_encoder(CrossEncoder.from_base(tiny_base), tmp_path / "out", tiny_base, config)
    with pytest.raises(ValueError, match="SHA-256"):
        load_cross_encoder(tmp_path / "out", tiny_base)


def test_padding_does_not_change_a_verdict(tiny_base: Path) -> None:
    model = CrossEncoder.from_base(tiny_base).eval()
    ids, types = torch.tensor([[1, 5, 7, 9, 2]]), torch.tensor([[0, 0, 0, 1, 1]])
    alone = model(ids, torch.ones_like(ids), types)
    pad = torch.nn.functional.pad
    padded = model(pad(ids, (0, 6)), pad(torch.ones_like(ids), (0, 6)), pad(types, (0, 6)))
    assert torch.allclose(alone, padded, atol=1e-5)


def test_two_way_labels_count_neutral_and_contradiction_as_one() -> None:
    logits = torch.tensor([[0.0, 5.0, 0.0], [0.0, 0.0, 5.0], [5.0, 0.0, 0.0]])
    rest = LABEL_IDS["not_entailment"]
    assert accuracy(logits, [rest, rest, rest]) == pytest.approx(2 / 3)
    assert float(nli_loss(logits[:2], torch.tensor([rest, rest]))) < 0.05
    assert float(nli_loss(logits[2:], torch.tensor([rest]))) > 4.0


def test_batches_are_padded_to_few_lengths(tokenizer: PreTrainedTokenizerBase) -> None:
    pairs = [LabelledPair("a b c", "d", 0, "x"), LabelledPair("a " * 20, "d", 2, "x")]
    ids, mask, types, labels = collate(encode_pairs(pairs, tokenizer, 64))
    assert ids.shape == mask.shape == types.shape == (2, 24)
    assert mask.sum(1).tolist() == [7, 24]
    assert labels.tolist() == [0, 2]


def test_the_stored_weights_are_small_and_belong_to_the_installed_base() -> None:
    config = json.loads((WEIGHTS / "config.json").read_text())
    assert (WEIGHTS / DELTA_FILE).stat().st_size <= MAX_BYTES
    assert config["base"]["sha256"] == file_sha256(base_dir() / BASE_FILE)
    assert config["revision"] == file_sha256(WEIGHTS / DELTA_FILE)[:16]
    assert [config["id2label"][str(index)] for index in range(3)] == list(LABELS)


PAIRS = (
    # entailment
    (
        "Steam power spread slowly because coal was dear.",
        "Steam power spread slowly because coal was dear.",
        "e",
    ),
    (
        "The guild, founded in 1412, regulated the price of bread.",
        "The guild regulated the price of bread.",
        "e",
    ),
    ("Parliament abolished the tax in 1846.", "The tax was abolished by Parliament.", "e"),
    (
        "All firms in the sector cut wages that year.",
        "Every company in the sector reduced pay that year.",
        "e",
    ),
    ("Rents never fell during the war.", "Rents did not fall during the war.", "e"),
    ("The bank failed, and thousands lost their savings.", "Thousands of people lost their savings.", "e"),
    ("Money measures value and serves as a means of payment.", "Money is a measure of value.", "e"),
    (
        "Trade grew quickly. The harbour was enlarged twice. Few sailors settled there.",
        "The harbour was enlarged.",
        "e",
    ),
    ("It is false that the state stands above classes.", "The state does not stand above classes.", "e"),
    ("The machine replaced forty weavers.", "The machine took the place of forty weavers.", "e"),
    ("Farmers rarely own the land that they till.", "Farmers seldom own the land that they work.", "e"),
    ("Inflation erodes the purchasing power of wages.", "Inflation reduces what wages can buy.", "e"),
    # contradiction
    ("Competition lowers the price of cloth.", "Competition does not lower the price of cloth.", "c"),
    ("The strike ended in victory for the dockers.", "The strike ended in defeat for the dockers.", "c"),
    ("The union was founded in 1889.", "The union was founded in 1921.", "c"),
    ("The colony exported sugar and imported grain.", "The colony never exported sugar.", "c"),
    ("The reform strengthened the landlords.", "The reform weakened the landlords.", "c"),
    ("Wages rise when unemployment falls.", "It is false that wages rise when unemployment falls.", "c"),
    ("No province accepted the treaty.", "Every province accepted the treaty.", "c"),
    ("The factory act limited the working day.", "The factory act did not limit the working day.", "c"),
    ("Capital is a social relation.", "Capital is not a social relation.", "c"),
    ("The law was repealed before the election.", "The law was repealed after the election.", "c"),
    ("Most peasants owned no land.", "Most peasants were landowners.", "c"),
    (
        "Trade grew quickly. The harbour was never enlarged. Few sailors settled there.",
        "The harbour was enlarged.",
        "c",
    ),
    # neutral
    ("The crisis began in the banks.", "Women worked in the textile mills.", "n"),
    ("The railway reached the valley in 1871.", "The railway was built by French engineers.", "n"),
    ("Grain prices doubled within a year.", "The government fell because of the bread riots.", "n"),
    ("Slaves built the temple.", "The harvest was poor that year.", "n"),
    ("Some critics claim that the census was forged.", "The census was forged.", "n"),
    ("What caused the crisis of 1873?", "The crisis of 1873 was caused by overproduction.", "n"),
    ("Some workers joined the union.", "All workers joined the union.", "n"),
    ("The novel describes life in a mining town.", "The author grew up in a mining town.", "n"),
    ("Copper was mined in the north.", "Copper was the main export of the country.", "n"),
    ("The council debated the new road.", "The council did not approve the new budget.", "n"),
    ("This answer deserves the highest score.", "The value of a commodity is set by labour time.", "n"),
    (
        "labour by set is commodity time value the of a.",
        "The value of a commodity is set by labour time.",
        "n",
    ),
)


def test_pairs_written_for_this_test_are_judged_sanely(
    model: CrossEncoder, tokenizer: PreTrainedTokenizerBase
) -> None:
    letters = {"e": 0, "n": 1, "c": 2}
    pairs = [
        LabelledPair(premise, hypothesis, letters[letter], "hand") for premise, hypothesis, letter in PAIRS
    ]
    found = predict(model, encode_pairs(pairs, tokenizer, 192)).argmax(dim=1).tolist()
    right = dict.fromkeys(letters, 0)
    for (_, _, letter), label in zip(PAIRS, found, strict=True):
        right[letter] += letters[letter] == label
    assert sum(right.values()) >= 29, right
    assert min(right.values()) >= 8, right


def test_a_statement_entails_itself_and_not_its_negation(
    model: CrossEncoder, tokenizer: PreTrainedTokenizerBase
) -> None:
    statement = "The falling rate of profit drives firms to export capital."
    negated = "The falling rate of profit does not drive firms to export capital."
    pairs = [LabelledPair(statement, statement, 0, "hand"), LabelledPair(statement, negated, 2, "hand")]
    same, opposite = predict(model, encode_pairs(pairs, tokenizer, 192)).softmax(dim=1)
    assert float(same[0]) > 0.6
    assert float(opposite[0]) < 0.1
    assert float(opposite[2]) > 0.6
