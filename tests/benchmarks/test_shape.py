"""The model of random weights is one that the server takes, and costs what it claims."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.ceiling import measure_ceiling
from benchmarks.gpu import main as gpu_main
from benchmarks.gpu import peak_tflops
from benchmarks.shape import Shape, main, shaped_model
from benchmarks.texts import Material, words
from reward_service.models.fakes import FakeNli
from reward_service.models.pack import load_nli
from reward_service.types import Pair
from tests.benchmarks.conftest import TINY

PAIRS = [
    Pair("The state is a tool of class rule.", "The state is a tool."),
    Pair("a", "b"),
    Pair("Labour is the source of value. " * 30, "Value has no source."),
]


def test_the_server_loads_it_and_it_judges(tiny_shape: Path) -> None:
    nli = load_nli("embedded", str(tiny_shape), device="cpu", dtype="float32")
    for verdict in nli.run(nli.prepare(PAIRS)):
        assert sum(verdict) == pytest.approx(1.0, abs=1e-6)


def test_its_tokens_are_as_many_as_real_models_have(tiny_shape: Path, material: Material) -> None:
    nli = load_nli("embedded", str(tiny_shape), device="cpu", dtype="float32")
    said = [sentence for question in material.questions[:20] for sentence in question.own]
    (prepared,) = zip(*[nli.prepare([Pair(sentence, "")]) for sentence in said], strict=True)
    tokens = sum(nli.cost(one) - 4 for one in prepared)  # <s> … </s></s> … </s>
    assert 1.05 < tokens / sum(map(words, said)) < 1.6


def test_it_is_made_once_and_the_seed_decides(tmp_path: Path) -> None:
    folder = shaped_model(TINY, tmp_path)
    weights = folder / "model.safetensors"
    first, made = weights.read_bytes(), weights.stat().st_mtime_ns
    assert shaped_model(TINY, tmp_path) == folder
    assert weights.stat().st_mtime_ns == made
    main(
        [
            "--layers",
            "1",
            "--width",
            "32",
            "--inner",
            "64",
            "--heads",
            "2",
            "--seed",
            "1",
            "--folder",
            str(tmp_path),
        ]
    )
    others = [path for path in tmp_path.glob("*/model.safetensors") if path != weights]
    assert len(others) == 1
    assert others[0].read_bytes() != first


def test_operations_are_those_of_the_matrices(tiny_shape: Path) -> None:
    """Two for each weight that is multiplied with a token: all but embeddings, norms, biases and the head."""
    from safetensors.torch import load_file

    weights = load_file(tiny_shape / "model.safetensors")
    counted = sum(
        tensor.numel()
        for name, tensor in weights.items()
        if ".layers." in name and tensor.dim() == 2 and name.endswith(".weight")
    )
    assert TINY.flops_per_token(0) == 2 * counted
    assert TINY.flops_per_token(10) - TINY.flops_per_token(0) == 3 * 4 * 32 * 10
    assert 0.7e9 < Shape().flops_per_token(60) < 0.8e9


def test_labels_name_what_is_not_bart_large() -> None:
    assert Shape(seed=5).label == "BART-large shape"
    assert Shape(layers=2).label == "BART shape, 2+2 layers of 1024"


def test_a_ceiling_counts_every_pair_and_takes_the_best_budget() -> None:
    nli = FakeNli()
    pairs = [Pair(f"premise {number}", "some words " * (number % 7 + 1)) for number in range(100)]
    found = measure_ceiling(nli, pairs, runs=2, budgets=(32, 64))
    assert found.pairs == 100
    assert found.tokens == sum(nli.cost(pair) for pair in pairs)
    assert found.budget in (32, 64)
    assert len(found.seconds) == 2
    assert found.pairs_per_s > 0
    last = nli.batches[-1]
    assert max(map(nli.cost, last)) * len(last) <= found.budget, "batches keep to the budget"
    ran = len(nli.batches)
    measure_ceiling(nli, pairs, runs=1, budgets=(64,), calls=3)
    trial, every = len(pairs), len(pairs)  # of so few pairs all are the sample; before it, a quarter warms up
    assert sum(map(len, nli.batches[ran:])) == trial // 4 + 1 + trial + every, "side by side, each once"
    with pytest.raises(ValueError, match="no pair was judged"):
        measure_ceiling(nli, [], runs=1)


@pytest.mark.parametrize(
    ("card", "peak"),
    [
        ("NVIDIA A40", 149.7),
        ("NVIDIA A100-SXM4-80GB", 312.0),
        ("NVIDIA H100 80GB HBM3", 989.0),
        ("NVIDIA H100 PCIe", None),
        ("NVIDIA H200", 989.0),
        ("NVIDIA L40S", 362.0),
        ("NVIDIA GeForce RTX 4090", 165.0),
        ("NVIDIA A4000", None),
        ("", None),
    ],
)
def test_only_cards_in_the_table_have_a_peak(card: str, peak: float | None) -> None:
    assert peak_tflops(card) == peak


def test_without_a_gpu_it_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a GPU here, and the benchmark would run for minutes")
    assert gpu_main([]) == 2
    assert "no GPU" in capsys.readouterr().out
