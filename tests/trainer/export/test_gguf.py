"""The proof: SmolLM2 with an adapter, exported, says in llama.cpp what it says in transformers.

Needs llama.cpp (`make llama-cpp`).  Where `LLAMA_CPP` names its folder it must be there, so that a machine
that is to run this can't pass by skipping it.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.trainer.export.parts import SYSTEM, save_adapter, save_run, smollm2_folder
from trainer.export.errors import ExportError
from trainer.export.export import Wanted, export, parse_formats
from trainer.export.gguf import check_vocabulary
from trainer.export.llamacpp import GENERATOR, VARIABLE, find_llama_cpp, program

TOKENS = 36
QUESTIONS = (
    "What is surplus-value?",
    "What did Marx mean by “commodity fetishism” in 1867?",
    "Explain the difference between use-value and exchange-value.",
    "What is historical materialism?",
    "Tell me about the French Revolution of 1789.",
)
"""llama.cpp multiplies in float16, transformers in float32: the likeliest token must lead clearly every time,
or rounding decides.  These questions were chosen by that."""
LEAD = 0.02
"""In logits."""


def say(text: str) -> None:
    print(text)


@pytest.fixture(scope="module")
def generator() -> Path:
    """llama.cpp's program for greedy text."""
    try:
        found = program(find_llama_cpp(None, os.environ).converter.parent, GENERATOR)
    except ExportError as error:
        if os.environ.get(VARIABLE):
            raise
        pytest.skip(f"llama.cpp isn't built here (`make llama-cpp`): {error}")
    if found is None:
        pytest.skip(f"this llama.cpp has no {GENERATOR}; `make llama-cpp` builds it")
    return found


@pytest.fixture(scope="module")
def exported(generator: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that can be exported, of an adapter that changes every projection."""
    del generator
    run = save_run(tmp_path_factory.mktemp("runs") / "run")
    save_adapter(smollm2_folder(), run / "adapter", scale=0.05)
    wanted = Wanted(
        source=run,
        output_dir=run.parent / "export",
        formats=parse_formats("merged,gguf-f16,gguf-q8_0,gguf-q4_k_m"),
        base=None,
        dtype="auto",
        system_prompt=None,
        llama_cpp=None,
    )
    export(wanted, say)
    return wanted.output_dir


def prompts(folder: Path) -> list[str]:
    from transformers import AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    return [
        tokenizer.apply_chat_template(
            [{"role": "system", "content": SYSTEM}, {"role": "user", "content": question}],
            add_generation_prompt=True,
            tokenize=False,
        )
        for question in QUESTIONS
    ]


def in_transformers(folder: Path) -> Callable[[str], tuple[str, int, float]]:
    """Greedy text of a saved model, its tokens, and the least lead of any.

    The weights are rounded to float16, and computed with in float32.
    """
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    tokenizer: Any = AutoTokenizer.from_pretrained(folder)
    model: Any = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float16)
    model = model.float()

    def generate(prompt: str) -> tuple[str, int, float]:
        tokens = tokenizer(prompt, return_tensors="pt")
        made = model.generate(
            **tokens, max_new_tokens=TOKENS, do_sample=False, output_logits=True, return_dict_in_generate=True
        )
        first, second = torch.cat(made.logits).topk(2).values.T
        answer = made.sequences[0, tokens["input_ids"].shape[1] :].tolist()
        answer = [token for token in answer if token != tokenizer.eos_token_id]
        return tokenizer.decode(answer, skip_special_tokens=False), len(answer), float((first - second).min())

    return generate


def in_llama_cpp(generator: Path, gguf: Path, prompt: str) -> str:
    """Greedy text of a GGUF file after exactly this prompt."""
    # It always takes four threads, which wait by spinning: without this they get in each other's way.
    environ = {
        **os.environ,
        "OMP_WAIT_POLICY": "PASSIVE",
        "OMP_THREAD_LIMIT": str(len(os.sched_getaffinity(0))),
    }
    done = subprocess.run(
        [str(generator), "-m", str(gguf), "-n", str(TOKENS), prompt],
        env=environ,
        capture_output=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr.decode(errors="replace")[-2000:]
    text = done.stdout.decode("utf-8")
    assert text.startswith(prompt)
    return text.removeprefix(prompt).removesuffix("\n")


@pytest.mark.slow
def test_the_f16_file_says_the_same_as_the_merged_model(generator: Path, exported: Path) -> None:
    generate = in_transformers(exported / "merged")
    asked = prompts(exported / "merged")
    for prompt in asked:
        expected, tokens, lead = generate(prompt)
        print(f"{tokens} tokens, lead {lead:.3f}: {expected!r}")
        assert tokens == TOKENS
        assert lead > LEAD, "too close to call; take another question"
        assert in_llama_cpp(generator, exported / "model-f16.gguf", prompt) == expected
    base = in_transformers(smollm2_folder())
    assert base(asked[-1])[0] != expected, "the adapter changes nothing, so this shows nothing"


@pytest.mark.parametrize("kind", ["q8_0", "q4_k_m"])
def test_the_quantised_files_load_and_answer(generator: Path, exported: Path, kind: str) -> None:
    sizes = [(exported / f"model-{name}.gguf").stat().st_size for name in (kind, "f16")]
    assert sizes[0] < 0.6 * sizes[1]
    for prompt in prompts(exported / "merged")[:2]:
        text = in_llama_cpp(generator, exported / f"model-{kind}.gguf", prompt)
        print(repr(text))
        words = [word.strip(".,;:!?\"'()“”").lower() for word in text.split()]
        assert len(words) >= 10
        assert {"the", "of", "a", "to", "and", "is"} & set(words), "no English"


def test_a_file_with_another_kind_of_vocabulary_is_refused(tmp_path: Path) -> None:
    from gguf import GGUFWriter

    writer = GGUFWriter(tmp_path / "wrong.gguf", "llama")
    writer.add_tokenizer_model("llama")
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    with pytest.raises(ExportError, match="vocabulary of the kind llama"):
        check_vocabulary(tmp_path / "wrong.gguf", smollm2_folder())
