"""Number formats: which are there, and which is chosen."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
import torch

from reward_service.errors import ModelUnavailable
from reward_service.models.formats import FORMATS, Measured, measure, torch_format
from reward_service.models.nli import EmbeddedNli


@pytest.mark.parametrize(
    ("rates", "choice"),
    [
        ({"float32": 100.0}, "float32"),
        ({"float32": 100.0, "bfloat16": 190.0}, "bfloat16"),
        ({"float32": 100.0, "bfloat16": 105.0}, "float32"),  # a tie would fall anew at each start
        ({"float32": 100.0, "bfloat16": 60.0}, "float32"),
    ],
)
def test_a_format_must_be_clearly_faster_than_float32(rates: dict[str, float], choice: str) -> None:
    assert Measured(rates).choice == choice


def test_the_measurement_is_told(minilm_folder: Path, caplog: pytest.LogCaptureFixture) -> None:
    nli = EmbeddedNli(minilm_folder)
    with caplog.at_level(logging.INFO):
        measured = measure({"float32": nli, "again": nli})
    assert set(measured.tokens_per_s) == {"float32", "again"}
    assert min(measured.tokens_per_s.values()) > 0
    for name, rate in measured.tokens_per_s.items():
        assert f"{name} {rate:.0f}" in caplog.text


def test_formats_have_torch_names() -> None:
    assert [torch_format(name, "cpu") for name in FORMATS] == [
        torch.float32,
        torch.bfloat16,
        torch.float16,
        torch.int8,
    ]


@pytest.mark.parametrize(("name", "device"), [("int8", "cuda:0"), ("int4", "cpu"), ("Tensor", "cpu")])
def test_a_format_that_is_not_there_is_named(name: str, device: str) -> None:
    with pytest.raises(ModelUnavailable, match=f"REWARD_DTYPE={name}"):
        torch_format(name, device)
