"""Policies on this machine: the tiny random one, alone and with adapters."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.tiny import save_tiny_policy
from trainer.evaluation.answers import Answer, Task, tasks_of
from trainer.evaluation.local import LocalSource
from trainer.evaluation.naming import read_name
from trainer.evaluation.plan import Sampling
from trainer.evaluation.questions import Question
from trainer.policy import PolicyUnavailable
from trainer.settings import SettingsError

GREEDY = Sampling(samples=1, temperature=0.0, top_p=1.0, max_tokens=12, seed=1)
SAMPLED = Sampling(samples=3, temperature=1.0, top_p=0.9, max_tokens=12, seed=1)
RAMBLING = Sampling(samples=8, temperature=1.0, top_p=1.0, max_tokens=40, seed=1)
ASKED = [
    Question(line, [{"role": "user", "content": words}], "the state")
    for line, words in enumerate(["what is value", "who rules the state and why", "what produces capital"], 1)
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # for so small a model, threads are in each other's way
    yield save_tiny_policy(tmp_path_factory.mktemp("policy"))
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def adapter(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that changes what the model says: its B matrices are not zero."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    torch.manual_seed(1)
    base: Any = AutoModelForCausalLM.from_pretrained(model)
    wrapped = get_peft_model(
        base, LoraConfig(r=4, target_modules=["q_proj", "v_proj"], init_lora_weights=False)
    )
    folder = tmp_path_factory.mktemp("adapter")
    wrapped.save_pretrained(str(folder))
    return folder


def generate(
    spelling: Path, sampling: Sampling, *, batch_size: int = 4, have: dict[str, Answer] | None = None
) -> tuple[list[Task], dict[str, Answer]]:
    tasks = tasks_of(ASKED, str(spelling), sampling)
    found = dict(have or {})
    with LocalSource(read_name(str(spelling)), sampling, batch_size, lambda _: None) as source:
        source.generate(tasks, found, lambda answers: found.update({a.key: a for a in answers}))
    return tasks, found


def test_padding_changes_no_greedy_answer(model: Path) -> None:
    _, together = generate(model, GREEDY, batch_size=3)
    _, alone = generate(model, GREEDY, batch_size=1)
    assert {key: answer.text for key, answer in together.items()} == {
        key: answer.text for key, answer in alone.items()
    }
    assert len(together) == len(ASKED)
    assert all(answer.seconds is not None and answer.seconds >= 0 for answer in together.values())


def test_what_ends_is_not_cut_off(model: Path) -> None:
    _, found = generate(model, RAMBLING, batch_size=24)
    cut = [answer for answer in found.values() if answer.cut_off]
    ended = [answer for answer in found.values() if answer.cut_off is False]
    assert cut  # the tiny policy rambles at random: of 24 answers some end by themselves
    assert ended
    assert {answer.tokens for answer in cut} == {40}
    assert all(answer.tokens is not None and answer.tokens < 40 for answer in ended)
    assert not any("<|im_end|>" in answer.text for answer in found.values())


def test_samples_differ_and_a_run_that_broke_off_samples_the_same(model: Path) -> None:
    tasks, found = generate(model, SAMPLED, batch_size=2)
    assert len({found[task.key].text for task in tasks if task.question is ASKED[0]}) > 1
    kept = {
        key: found[key] for key in [task.key for task in tasks[:3]]
    }  # one whole batch and half of the next
    _, again = generate(model, SAMPLED, batch_size=2, have=kept)
    assert {key: answer.text for key, answer in again.items()} == {k: a.text for k, a in found.items()}


def test_an_adapter_speaks_with_its_own_voice(model: Path, adapter: Path) -> None:
    assert read_name(str(adapter)).name == str(model)
    tasks, base = generate(model, GREEDY)
    adapted_tasks, adapted = generate(adapter, GREEDY)
    assert [base[task.key].text for task in tasks] != [adapted[task.key].text for task in adapted_tasks]


def test_a_prompt_without_room_names_its_line(model: Path) -> None:
    roomy = Sampling(samples=1, temperature=0.0, top_p=1.0, max_tokens=509, seed=1)
    with pytest.raises(SettingsError, match=r"--max-tokens 509: .* on line 1 .*512 positions"):
        generate(model, roomy)


def test_what_cannot_be_loaded_says_what_can(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(PolicyUnavailable, match="can't be loaded"):
        generate(tmp_path, GREEDY)


def test_a_model_without_a_chat_template_is_refused(model: Path, tmp_path: Path) -> None:
    for file in model.iterdir():
        if file.name != "chat_template.jinja":
            (tmp_path / file.name).write_bytes(file.read_bytes())
    with pytest.raises(PolicyUnavailable, match="no chat template"):
        generate(tmp_path, GREEDY)
