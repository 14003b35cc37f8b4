# %% [markdown]
# # GRPO training with Touchstone
#
# From an empty machine to an exported model: install, look at the data, train with rewards from the reward
# server, read what was learned, export. On a rented GPU (an A40 with its volume at `/workspace`; see
# `docs/runpod.md`) run it from top to bottom. On a machine without a GPU it trains the small demo policy for
# a few steps, which shows that everything works together and nothing more.
#
# This notebook is written by `make notebook` from `GRPO_Training.py` beside it; change that
# file.

# %% [markdown]
# ## What to run
# Everything that you may want to change. Each can also be set in the environment, which is how the tests run
# this notebook.

# %%
import os
import shutil
import subprocess
import sys
from pathlib import Path

ON_GPU = shutil.which("nvidia-smi") is not None
REPOSITORY = os.environ.get("TOUCHSTONE_REPOSITORY", "")  # where to clone from, if this is no checkout
CHECKOUT = Path(os.environ.get("TOUCHSTONE_CHECKOUT", "/workspace/touchstone" if ON_GPU else ".."))
PRESET = os.environ.get("TOUCHSTONE_PRESET", "a40" if ON_GPU else "cpu-demo")  # a file in trainer/presets
STEPS = os.environ.get("TOUCHSTONE_STEPS", "")  # empty: as many as the preset says
OUTPUT = os.environ.get("TOUCHSTONE_OUTPUT", f"runs/{PRESET}")
REWARD_URL = os.environ.get("TOUCHSTONE_REWARD_URL", "")  # empty: start a reward server here
MODELS = os.environ.get("TOUCHSTONE_MODELS", "full" if ON_GPU else "embedded")  # of that server
FORMATS = os.environ.get("TOUCHSTONE_FORMATS", "adapter,merged,gguf-q4_k_m,modelfile")

# %% [markdown]
# ## Install
# A checkout of Touchstone, and two environments beside each other: vLLM wants another fastapi than the reward
# server has. Both hold exactly what the lock files name, each package checked against its hash. This takes a
# while the first time, and nothing after that.

# %%
if not (CHECKOUT / "trainer").is_dir() and (Path.cwd() / "trainer").is_dir():
    CHECKOUT = Path.cwd()
if not (CHECKOUT / "trainer").is_dir():
    if not REPOSITORY:
        raise RuntimeError(f"{CHECKOUT} is no checkout of Touchstone: set REPOSITORY to clone it, or CHECKOUT")
    subprocess.run(["git", "clone", REPOSITORY, str(CHECKOUT)], check=True)
os.chdir(CHECKOUT)


def run(*command):
    """Run a command, show its output line by line, and stop the notebook where it fails."""
    print("$", *command, flush=True)
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        for line in process.stdout:
            print(line, end="", flush=True)
    finally:
        if process.poll() is None:  # the cell was interrupted: a run that trains saves its state now
            process.terminate()
        status = process.wait()
    if status:
        raise RuntimeError(f"{' '.join(command)} ended with status {status}")


if ON_GPU:
    run("bash", "requirements/pod.sh")
    SERVER, TRAINER = (str(Path(f".venv-{name}/bin/python").absolute()) for name in ("server", "trainer"))
else:
    installed = Path(".venv/bin/python")
    if not installed.exists() and "TOUCHSTONE_PRESET" not in os.environ:
        run("make", "setup")
    SERVER = TRAINER = str(installed.absolute()) if installed.exists() else sys.executable
print("server:", SERVER, "\ntrainer:", TRAINER)

# %% [markdown]
# ## Does it fit?
# Adds up what lies on the GPU at once, and refuses a run that can't fit, with the setting to change.

# %%
if ON_GPU:
    run(TRAINER, "-m", "trainer", "plan", "--preset", PRESET)
else:
    print("no GPU here: nothing to plan")

# %% [markdown]
# ## The data
# The curated questions and answers; put your own file in their place. `validate` names what is wrong with a
# line, and `build` writes what training reads.

# %%
run(TRAINER, "-m", "trainer", "data", "validate", "training_data/curated_qa.jsonl", "--no-embeddings")
run(TRAINER, "-m", "trainer", "data", "build")

# %% [markdown]
# ## Train
# Starts the reward server and the trainer side by side; the server is started anew if it dies, and the
# trainer waits for it. Interrupting this cell (■) saves a checkpoint; running it again with `RESUME = True`
# goes on from there.

# %%
RESUME = False
options = ["--preset", PRESET, "--output-dir", OUTPUT]
options += ["--set", f"run.steps={STEPS}"] if STEPS else []
options += ["--resume"] if RESUME else []
if REWARD_URL:
    run(TRAINER, "-m", "trainer", "train", *options, "--reward-url", REWARD_URL)
else:
    run(
        TRAINER, "-m", "trainer", "pod", *options, "--models", MODELS,
        "--server-python", SERVER, "--trainer-python", TRAINER,
    )  # fmt: skip

# %% [markdown]
# ## What was learned
# `metrics.jsonl` has a line for each step; `samples.jsonl` has completions with every score and what led to
# it. Read some of them: a reward that rises is no proof of better answers.

# %%
import json

steps = [json.loads(line) for line in Path(OUTPUT, "metrics.jsonl").read_text().splitlines()]
print(f"{'step':>5} {'reward':>8} {'tokens':>7} {'no spread':>10}")
for step in steps[:: max(1, len(steps) // 20)]:
    total, tokens = step["total"], step["tokens"]
    length = sum(tokens) / len(tokens) if tokens else float("nan")
    print(f"{step['step']:>5} {total['mean']:>8.2f} {length:>7.0f} {total['zero_spread']:>10.0%}")

# %%
try:
    import matplotlib.pyplot as plt
except ImportError:
    print("no matplotlib in this kernel: %pip install matplotlib, and run this cell again")
else:
    for name in steps[0]["rewards"]:
        means = [step["rewards"][name]["mean"] if name in step["rewards"] else None for step in steps]
        plt.plot([step["step"] for step in steps], means, marker=".", label=name)
    plt.xlabel("step")
    plt.ylabel("mean reward")
    plt.legend()
    plt.show()

# %%
for line in Path(OUTPUT, "samples.jsonl").read_text().splitlines()[-2:]:
    sample = json.loads(line)
    print(f"step {sample['step']}: {sample['question']}\n\n{sample['answer']}\n")
    for name, score in sample["scores"].items():
        print(f"  {name}: {'not scored' if score is None else format(score, '.2f')}")
    print("-" * 80)

# %% [markdown]
# ## Export
# The adapter, the merged model, a GGUF file for llama.cpp and Ollama, and Ollama's `Modelfile`. GGUF needs
# llama.cpp's tools; `make llama-cpp` builds them once, and nothing is downloaded without that.

# %%
run(TRAINER, "-m", "trainer", "export", OUTPUT, "--output-dir", f"{OUTPUT}/export", "--formats", FORMATS)
