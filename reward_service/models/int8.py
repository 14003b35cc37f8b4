"""Matrix products in int8 on CPUs: weights with one scale a row, activations with one scale a token.

torch's own dynamic quantisation has one scale for the activations of a whole batch, so a token's numbers
would depend on its company.  Here each token has its own scale, and the products are sums of integers, which
are exact: a row of the result is the same whatever stands beside it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from reward_service.errors import ModelUnavailable

_MAX = 127
_TINY = 1e-12
"""The least scale: a row of zeros stays one."""


class Int8Linear(nn.Module):
    """A linear layer (rows, inputs) → (rows, outputs) whose product is computed in int8.

    Inputs and results are float32.  An entry of the result is off by about 1/127 of the largest activation of
    its token and of the largest weight of its row, averaged over the inputs.

    Args:
        linear: the layer to stand in for; its weights are read, and not kept.
    """

    weight: Tensor
    scale: Tensor
    bias: Tensor

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        exact = linear.weight.detach().float()
        scale = (exact.abs().amax(1) / _MAX).clamp_min_(_TINY)
        codes = (exact / scale.unsqueeze(1)).round_().to(torch.int8)
        bias = torch.zeros(linear.out_features) if linear.bias is None else linear.bias.detach().float()
        self.register_buffer(
            "weight", codes.t(), persistent=False
        )  # (inputs, outputs), as the product wants it
        self.register_buffer("scale", scale, persistent=False)
        self.register_buffer("bias", bias.clone(), persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """The layer's result, shape (…, outputs), for inputs of shape (…, inputs)."""
        rows = inputs.reshape(-1, inputs.shape[-1])
        # abs and amax, in two passes, take a tenth of the time of vector_norm(inf)
        largest = rows.abs().amax(1, keepdim=True).clamp_min_(_TINY)
        codes = (rows * (_MAX / largest)).round_().to(torch.int8)
        product = torch._int_mm(codes, self.weight).to(torch.float32).mul_(largest.div_(_MAX))
        return torch.addcmul(self.bias, product, self.scale).view(*inputs.shape[:-1], -1)


def use_int8(module: nn.Module) -> None:
    """Put an `Int8Linear` in the place of every linear layer inside a module; the float weights are freed.

    Raises:
        ModelUnavailable: this build of torch can't multiply int8 matrices on the CPU.
    """
    _require_int8_products()
    for parent in list(module.modules()):
        for name, child in list(parent.named_children()):
            if isinstance(child, nn.Linear):
                setattr(parent, name, Int8Linear(child))


def _require_int8_products() -> None:
    ones = torch.ones(8, 8, dtype=torch.int8)
    try:
        works = bool((torch._int_mm(ones, ones) == 8).all())
    except (AttributeError, RuntimeError, NotImplementedError):
        works = False
    if not works:
        raise ModelUnavailable(
            f"torch {torch.__version__} can't multiply int8 matrices on this CPU; set REWARD_DTYPE to auto"
        )
