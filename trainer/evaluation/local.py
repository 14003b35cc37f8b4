"""A policy that is a model on this machine: a folder, a package or a hub name, with an adapter or without."""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from trainer.evaluation.answers import Answer, Task, answer_to
from trainer.evaluation.naming import Named
from trainer.evaluation.plan import Sampling
from trainer.evaluation.source import Keep, Report
from trainer.policy import SMOLLM2, PolicyUnavailable
from trainer.settings import SettingsError
from trainer.smollm import cache_folder, smollm2


class LocalSource:
    """Generates in batches, padded on the left.  The model is loaded when it is entered.

    A batch always holds the same tasks and has a seed of its own, so a run that broke off samples what it
    would have sampled.
    """

    def __init__(self, named: Named, sampling: Sampling, batch_size: int, report: Report) -> None:
        self._named, self._sampling, self._batch_size, self._report = named, sampling, batch_size, report
        self._model: Any = None
        self._tokenizer: Any = None

    def __enter__(self) -> Self:
        self._model, self._tokenizer = _load(self._named, self._report)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        import torch

        self._model = self._tokenizer = None  # the next policy needs the room
        if torch.cuda.is_available():
            torch.cuda.empty_cache()

    def generate(self, tasks: Sequence[Task], have: Mapping[str, Answer], keep: Keep) -> None:
        """Answer the tasks that lack an answer; see `Source`."""
        batches = [
            tasks[start : start + self._batch_size] for start in range(0, len(tasks), self._batch_size)
        ]
        prompts = {task.key: self._prompt(task) for task in tasks}  # before the first batch: the bad ones too
        for batch in batches:
            if any(task.key not in have for task in batch):
                keep(list(self._answers(batch, [prompts[task.key] for task in batch])))

    def _prompt(self, task: Task) -> str:
        from jinja2 import TemplateError

        try:
            text: str = self._tokenizer.apply_chat_template(
                task.question.messages, tokenize=False, add_generation_prompt=True
            )
        except TemplateError as error:
            raise PolicyUnavailable(
                f"{self._named.spelling}: the chat template refuses line {task.question.line} of the "
                f"questions: {error}\nWhere it takes no system prompt, --system-prompt none leaves it out."
            ) from error
        room = getattr(self._model.config, "max_position_embeddings", None)
        length = len(self._tokenizer(text, add_special_tokens=False)["input_ids"])
        if room is not None and length + self._sampling.max_tokens > room:
            raise SettingsError(
                f"--max-tokens {self._sampling.max_tokens}: with the {length} tokens of the prompt on line "
                f"{task.question.line} these are more than the {room} positions of {self._named.spelling}"
            )
        return text

    def _answers(self, batch: Sequence[Task], prompts: Sequence[str]) -> Iterator[Answer]:
        import torch

        began = time.monotonic()
        inputs = self._tokenizer(
            list(prompts), return_tensors="pt", padding=True, add_special_tokens=False
        ).to(self._model.device)
        torch.manual_seed(int(hashlib.sha256("".join(t.key for t in batch).encode()).hexdigest()[:12], 16))
        with torch.inference_mode():
            output = self._model.generate(
                input_ids=inputs["input_ids"],
                attention_mask=inputs["attention_mask"],
                generation_config=_generation(self._sampling, self._model, self._tokenizer),
            )
        seconds = (time.monotonic() - began) / len(batch)
        ends = _ends(self._model, self._tokenizer)
        for task, row in zip(batch, output[:, inputs["input_ids"].shape[1] :].tolist(), strict=True):
            end = next((place for place, token in enumerate(row) if token in ends), None)
            written = row if end is None else row[:end]
            yield answer_to(
                task,
                self._tokenizer.decode(written, skip_special_tokens=True),  # as TRL reads completions
                cut_off=end is None,
                tokens=len(written),
                seconds=seconds,
            )


def _load(named: Named, report: Report) -> tuple[Any, Any]:
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    name = str(smollm2(cache_folder(os.environ), report)) if named.name == SMOLLM2 else named.name
    report(f"loading {named.name}" + (f" with the adapter {named.adapter}" if named.adapter else ""))
    gpu = torch.cuda.is_available()
    own = named.adapter is not None and (named.adapter / "tokenizer_config.json").is_file()
    try:
        tokenizer = AutoTokenizer.from_pretrained(named.adapter if own else name)
        model: Any = AutoModelForCausalLM.from_pretrained(
            name, dtype=torch.bfloat16 if gpu else torch.float32
        )
        if named.adapter is not None:
            from peft import PeftModel

            model = PeftModel.from_pretrained(model, str(named.adapter))
    except (OSError, ValueError, RuntimeError, ImportError) as error:
        raise PolicyUnavailable(
            f"{named.spelling} can't be loaded: {error}\nA policy is a folder (run, adapter, model), a name "
            f"on the hub that this machine can reach, or {SMOLLM2}; docs/evaluate.md has the other spellings."
        ) from error
    if tokenizer.chat_template is None:
        raise PolicyUnavailable(f"{named.spelling} has no chat template; an instruct model is needed")
    tokenizer.padding_side = "left"
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    return model.to("cuda" if gpu else "cpu").eval(), tokenizer


def _ends(model: Any, tokenizer: Any) -> list[int]:
    """The tokens that end an answer: the model's own, else the tokenizer's."""
    of_model = getattr(model.generation_config, "eos_token_id", None)
    ends = of_model if isinstance(of_model, list) else [of_model]
    return sorted({token for token in (*ends, tokenizer.eos_token_id) if token is not None})


def _generation(sampling: Sampling, model: Any, tokenizer: Any) -> Any:
    """All that decides the sampling, since what is left open would be filled with the model's own advice."""
    from transformers import GenerationConfig

    sampled = sampling.temperature > 0
    return GenerationConfig(
        max_new_tokens=sampling.max_tokens,
        do_sample=sampled,
        temperature=sampling.temperature if sampled else 1.0,
        top_p=sampling.top_p if sampled else 1.0,
        top_k=0 if sampled else 50,  # 50 is the value that counts as not set
        repetition_penalty=1.0,
        num_beams=1,
        eos_token_id=_ends(model, tokenizer),
        pad_token_id=tokenizer.pad_token_id,
    )  # type: ignore[no-untyped-call]
