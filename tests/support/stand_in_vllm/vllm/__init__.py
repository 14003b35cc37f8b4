"""A stand-in for vLLM, which needs a GPU: what TRL 1.15 calls of it, generating with transformers."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

__version__ = "0.31.0"


class SamplingParams:
    """Keeps what TRL asks for."""

    def __init__(self, **asked: Any) -> None:
        self.asked = asked


class RequestOutput:
    """Of one prompt."""

    def __init__(self, prompt: list[int], tokens: list[int], logprobs: list[float]) -> None:
        self.prompt_token_ids = prompt
        told = [{t: SimpleNamespace(rank=1, logprob=p)} for t, p in zip(tokens, logprobs, strict=True)]
        self.outputs = [SimpleNamespace(token_ids=tokens, logprobs=told)]


class LLM:
    """An engine with one model.  Asleep at level 2 it forgets the weights, as vLLM does."""

    made: Any = None
    """The last one."""

    def __init__(self, **options: Any) -> None:
        import torch
        from transformers import AutoModelForCausalLM

        self.options = options
        self.model = AutoModelForCausalLM.from_pretrained(options["model"], dtype=torch.bfloat16)
        self.received: dict[str, Any] = {}
        self.at_generation: list[dict[str, Any]] = []
        inner = SimpleNamespace(model=SimpleNamespace(load_weights=self._load))
        worker = SimpleNamespace(model_runner=inner)
        self.llm_engine = SimpleNamespace(
            model_executor=SimpleNamespace(driver_worker=worker),
            model_config=SimpleNamespace(max_model_len=options["max_model_len"]),
        )
        LLM.made = self

    def _load(self, pairs: list[tuple[str, Any]]) -> None:
        import torch

        own = dict(self.model.named_parameters())
        for name, weights in pairs:
            with torch.no_grad():
                own[name].copy_(weights)  # an unknown name or another shape is an error
            self.received[name] = own[name].detach().clone()

    def sleep(self, level: int) -> None:
        """Forget the weights."""
        import torch

        assert level == 2
        with torch.no_grad():
            for weights in self.model.parameters():
                weights.fill_(float("nan"))

    def wake_up(self, tags: list[str]) -> None:
        """Nothing to be done."""

    def reset_prefix_cache(self) -> None:
        """Nothing to be done."""

    def generate(self, prompts: list[Any], sampling_params: Any, use_tqdm: bool) -> list[RequestOutput]:  # noqa: ARG002
        """Sample token by token."""
        import torch

        self.at_generation.append(dict(self.received))
        found = []
        for prompt in (given["prompt_token_ids"] for given in prompts):
            tokens: list[int] = []
            logprobs: list[float] = []
            for _ in range(sampling_params.asked["max_tokens"]):
                with torch.no_grad():
                    logits = self.model(torch.tensor([prompt + tokens])).logits[0, -1].float()
                assert not logits.isnan().any(), "generating while asleep"
                told = logits.log_softmax(-1)
                tokens.append(int(torch.multinomial(told.exp(), 1)))
                logprobs.append(float(told[tokens[-1]]))
                if tokens[-1] == 0:
                    break
            found.append(RequestOutput(prompt, tokens, logprobs))
        return found
