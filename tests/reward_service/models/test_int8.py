"""Products in int8: close to float32, and the same whatever stands beside a row."""

from __future__ import annotations

import weakref

import pytest
import torch
from torch import nn

from reward_service.errors import ModelUnavailable
from reward_service.models import int8
from reward_service.models.int8 import Int8Linear, use_int8


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(3)


@pytest.mark.parametrize("shape", [(16, 32), (384, 1536), (1536, 384), (33, 7)])
@pytest.mark.parametrize("rows", [1, 2, 7, 64])
def test_it_is_close_to_the_layer_that_it_stands_for(shape: tuple[int, int], rows: int) -> None:
    linear = nn.Linear(*shape)
    inputs = torch.randn(rows, shape[0])
    with torch.inference_mode():
        exact, found = linear(inputs), Int8Linear(linear)(inputs)
    assert found.shape == exact.shape
    assert float((found - exact).norm() / exact.norm()) < 0.03


def test_a_row_does_not_depend_on_its_company() -> None:
    layer = Int8Linear(nn.Linear(384, 1536))
    inputs = torch.randn(64, 384)
    inputs[0] *= 1000  # one scale for all of them would leave the others nothing
    together = layer(inputs)
    for rows in (1, 3, 17):
        assert torch.equal(layer(inputs[20 : 20 + rows]), together[20 : 20 + rows])


@pytest.mark.parametrize("rows", [1, 5, 64])
def test_the_products_are_sums_of_integers(rows: int) -> None:
    """Where two products overflowed 16 bits, those of the largest codes would be cut."""
    linear = nn.Linear(256, 32)
    weights = torch.randint(-63, 64, (32, 256)).float()
    weights[:, 0] = 63  # so the scale is 1
    weights[:8] = 63
    linear.weight = nn.Parameter(weights)
    inputs = torch.randint(-127, 128, (rows, 256)).float()
    inputs[:, 0] = 127
    inputs[0] = 127
    with torch.inference_mode():
        found = Int8Linear(linear)(inputs)
        exact = linear.double()(inputs.double())
    torch.testing.assert_close(found.double(), exact, rtol=1e-6, atol=1e-3)


def test_a_machine_that_cuts_products_has_no_int8(monkeypatch: pytest.MonkeyPatch) -> None:
    product = int8._product
    monkeypatch.setattr(int8, "_product", lambda *a: product(*a).clamp(max=2**15))
    int8.can_multiply.cache_clear()
    try:
        with pytest.raises(ModelUnavailable, match="REWARD_DTYPE"):
            use_int8(nn.Sequential(nn.Linear(8, 8)))
    finally:
        int8.can_multiply.cache_clear()


def test_further_dimensions_stay() -> None:
    layer = Int8Linear(nn.Linear(8, 4, bias=False))
    inputs = torch.randn(2, 3, 8)
    assert torch.equal(layer(inputs), layer(inputs.view(6, 8)).view(2, 3, 4))


def test_zeros_give_the_bias_and_nan_stays_nan() -> None:
    linear = nn.Linear(8, 4)
    layer = Int8Linear(linear)
    inputs = torch.zeros(2, 8)
    inputs[1, 3] = torch.nan
    found = layer(inputs)
    assert torch.equal(found[0], linear.bias)
    assert found[1].isnan().all()


def test_every_linear_layer_is_replaced_and_its_weights_are_freed() -> None:
    inner = nn.Sequential(nn.Linear(8, 16), nn.GELU(), nn.Linear(16, 8))
    module = nn.Sequential(nn.Sequential(inner, nn.LayerNorm(8)), nn.Linear(8, 8))
    weights = [weakref.ref(layer.weight) for layer in module.modules() if isinstance(layer, nn.Linear)]
    use_int8(module)
    assert [type(layer) for layer in inner] == [Int8Linear, nn.GELU, Int8Linear]
    assert isinstance(module[1], Int8Linear)
    assert not list(module.parameters()) or all(p.dim() == 1 for p in module.parameters()), (
        "only the LayerNorm"
    )
    assert len(weights) == 3
    assert all(weight() is None for weight in weights)
