"""Matrix products in int8 on CPUs: weights with one scale a row, activations with one scale a token.

torch's own dynamic quantisation has one scale for the activations of a whole batch, so a token's numbers
would depend on its company.  Here each token has its own scale, and the products are sums of integers, which
are exact: a row of the result is the same whatever stands beside it, and on every CPU.
"""

from __future__ import annotations

from functools import cache

import torch
from torch import Tensor, nn

from reward_service.errors import ModelUnavailable

_WEIGHT_MAX = 63
"""Weights have 7 bits: CPUs with AVX2 alone add two products in 16 bits, which 8 bits would overflow."""
_MAX = 127
_ZERO = 128
"""The code of an activation of 0; codes are unsigned, as the CPU's instructions want them."""
_TINY = 1e-12
"""The least scale: a row of zeros stays one."""


class Int8Linear(nn.Module):
    """A linear layer (rows, inputs) → (rows, outputs) whose product is computed in int8.

    Inputs and results are float32.  An entry of the result is off by about 1/127 of the largest activation of
    its token and 1/63 of the largest weight of its row, averaged over the inputs.

    Args:
        linear: the layer to stand in for; its weights are read, and not kept.
    """

    bias: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        exact = linear.weight.detach().float()
        scale = (exact.abs().amax(1) / _WEIGHT_MAX).clamp_min_(_TINY)
        codes = (exact / scale.unsqueeze(1)).round_().to(torch.int8)
        bias = torch.zeros(linear.out_features) if linear.bias is None else linear.bias.detach().float()
        self.register_buffer("bias", bias.clone(), persistent=False)
        # No buffers: these belong to the CPU, and the weights lie as its instructions want them.
        self._weight = torch.ops.onednn.qlinear_prepack(codes, None)
        self._scale = scale / _MAX
        self._zeros = torch.zeros(len(scale), dtype=torch.long)

    def forward(self, inputs: Tensor) -> Tensor:
        """The layer's result, shape (…, outputs), for inputs of shape (…, inputs)."""
        rows = inputs.reshape(-1, inputs.shape[-1])
        # abs and amax, in two passes, take a tenth of the time of vector_norm(inf)
        largest = rows.abs().amax(1, keepdim=True).clamp_min_(_TINY)
        codes = (rows * (_MAX / largest)).add_(_ZERO + 0.5).to(torch.uint8)  # cut off, so rounded
        product = _product(codes, self._weight, self._scale, self._zeros)
        return torch.addcmul(self.bias, product, largest).view(*inputs.shape[:-1], -1)


def use_int8(module: nn.Module) -> None:
    """Put an `Int8Linear` in the place of every linear layer inside a module.

    Raises:
        ModelUnavailable: this build of torch can't multiply int8 matrices on this CPU.
    """
    if not can_multiply():
        raise ModelUnavailable(
            f"torch {torch.__version__} can't multiply int8 matrices on this CPU; set REWARD_DTYPE to auto"
        )
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, Int8Linear(child))


@cache
def can_multiply() -> bool:
    """Whether this build of torch multiplies int8 matrices on this CPU, and exactly."""
    inputs, outputs = 64, 16
    weights = torch.full((outputs, inputs), _WEIGHT_MAX, dtype=torch.int8)
    codes = torch.full((2, inputs), _ZERO + _MAX, dtype=torch.uint8)
    ones, zeros = torch.ones(outputs), torch.zeros(outputs, dtype=torch.long)
    try:
        found = _product(codes, torch.ops.onednn.qlinear_prepack(weights, None), ones, zeros)
    except (AttributeError, RuntimeError, NotImplementedError):
        return False
    return bool((found == inputs * _WEIGHT_MAX * _MAX).all())


def _product(codes: Tensor, weight: Tensor, scale: Tensor, zeros: Tensor) -> Tensor:
    """(codes − 128) · weightᵀ · scale as float32; the sums are of integers.

    Args:
        codes: unsigned, shape (rows, inputs).
        weight: prepacked, of (outputs, inputs).
        scale, zeros: of each output.
    """
    product: Tensor = torch.ops.onednn.qlinear_pointwise(
        codes, 1.0, _ZERO, weight, scale, zeros, None, 1.0, 0, torch.float32, "none", [], ""
    )
    return product
