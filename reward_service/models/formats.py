"""Number formats of the models: which there are, which the hardware helps, and which is fastest here."""

from __future__ import annotations

import logging
import random
import statistics
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from reward_service.errors import ModelUnavailable
from reward_service.types import Pair

if TYPE_CHECKING:
    import torch

    from reward_service.models.windowed_nli import WindowedNli

FORMATS = ("float32", "bfloat16", "float16", "int8")
EXACT = "float32"
"""The format that the others are compared with."""
GAIN = 1.1
"""By how much another format must be faster than float32 to be chosen.

Near a tie the choice, and with it the fingerprint, would differ from one start to the next.
"""

_PAIRS, _WORDS, _ROUNDS = 24, 34, 3
_TEXT = ("the", "state", "is", "an", "organ", "of", "one", "class", "and", "wages", "fall", "when", "prices")

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Measured:
    """What a start measured of the formats that may be the default."""

    tokens_per_s: Mapping[str, float]

    @property
    def choice(self) -> str:
        """The fastest format, or float32 where none is clearly faster."""
        fastest = max(self.tokens_per_s, key=self.tokens_per_s.__getitem__)
        exact = self.tokens_per_s.get(EXACT, 0.0)
        return fastest if self.tokens_per_s[fastest] > GAIN * exact else EXACT


def measure(models: Mapping[str, WindowedNli]) -> Measured:
    """Tokens a second of one model in several formats, on pairs of random words; takes about a second.

    The formats take turns, so that what else the machine does weighs on all of them; the median counts.
    """
    chance = random.Random(0)
    made = [" ".join(chance.choices(_TEXT, k=_WORDS // 2)) for _ in range(2 * _PAIRS)]
    pairs = [Pair(premise, hypothesis) for premise, hypothesis in zip(made[::2], made[1::2], strict=True)]
    seconds: dict[str, list[float]] = {name: [] for name in models}
    tokens = 0
    for turn in range(_ROUNDS + 1):
        for name, nli in models.items():
            inputs = nli.collate(prepared := nli.prepare(pairs))
            started = time.perf_counter()
            nli.finish(nli.forward(inputs))
            if turn:  # the first one compiles kernels
                seconds[name].append(time.perf_counter() - started)
            tokens = sum(map(nli.cost, prepared))
    measured = Measured({name: round(tokens / statistics.median(runs)) for name, runs in seconds.items()})
    told = ", ".join(f"{name} {rate:.0f}" for name, rate in measured.tokens_per_s.items())
    logger.info("number format of the NLI model: %s (tokens a second: %s)", measured.choice, told)
    return measured


def helped_formats(device: str) -> tuple[str, ...]:
    """float32 and the formats in which a device multiplies faster by itself."""
    if device.startswith("cuda"):
        return EXACT, gpu_format(device)
    there = {"bfloat16": has_fast_bfloat16(), "int8": has_fast_int8()}
    return (EXACT, *(name for name, fast in there.items() if fast)) if device == "cpu" else (EXACT,)


def has_fast_bfloat16() -> bool:
    """Whether this CPU multiplies in bfloat16 by itself (AVX512-BF16 or AMX), about twice as fast as in
    float32."""
    import torch

    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))


def has_fast_int8() -> bool:
    """Whether this CPU multiplies in int8 by itself, exactly; with AVX2 about twice as fast as in float32."""
    import torch

    from reward_service.models.int8 import can_multiply

    return bool(torch.cpu.get_capabilities().get("avx2")) and can_multiply()


def gpu_format(device: str) -> str:
    """The short format of a GPU: bfloat16 from compute capability 8 on, float16 below."""
    import torch

    return "bfloat16" if torch.cuda.get_device_capability(device)[0] >= 8 else "float16"


def torch_format(name: str, device: str) -> torch.dtype:
    """torch's name of a format; `torch.int8` stands for int8 products over float32 activations.

    Raises:
        ModelUnavailable: there is no such format, or not on this device.
    """
    import torch

    if name not in FORMATS:
        raise ModelUnavailable(f"REWARD_DTYPE={name}: must be auto, {', '.join(FORMATS)}")
    if name == "int8" and device != "cpu":
        raise ModelUnavailable(f"REWARD_DTYPE=int8 works on the CPU only, not on {device}; use auto")
    dtype: torch.dtype = getattr(torch, name)
    return dtype
