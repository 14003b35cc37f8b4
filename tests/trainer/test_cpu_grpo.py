"""Log-probabilities without Triton, against the definition."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

CHECK = """
import sys
from pathlib import Path
from types import SimpleNamespace
from contextlib import nullcontext
import torch
from transformers import AutoModelForCausalLM
from tests.trainer.tiny import save_tiny_policy
from trainer.cpu_grpo import CpuGRPOTrainer

model = AutoModelForCausalLM.from_pretrained(save_tiny_policy(Path(sys.argv[1])))
trainer = SimpleNamespace(temperature=0.7, accelerator=SimpleNamespace(autocast=nullcontext))
ids = torch.tensor([[0, 5, 6, 7, 8, 9], [1, 5, 9, 8, 0, 0]])
mask = torch.tensor([[0, 1, 1, 1, 1, 1], [1, 1, 1, 1, 0, 0]])

def ask(**options):
    return CpuGRPOTrainer._get_per_token_logps_and_entropies(trainer, model, ids, mask, 3, **options)

logps, entropies, nothing = ask(compute_entropy=True)
assert nothing is None and logps.requires_grad and not entropies.requires_grad
with torch.no_grad():
    chances = (model(input_ids=ids, attention_mask=mask).logits / 0.7).softmax(-1)
for row in range(2):
    for column in range(3):
        at = 3 + column
        if mask[row, at]:
            before = chances[row, at - 1]
            torch.testing.assert_close(logps[row, column], before[ids[row, at]].log())
            entropy = torch.distributions.Categorical(before).entropy()
            torch.testing.assert_close(entropies[row, column], entropy)
        else:
            assert logps[row, column] == entropies[row, column] == 0
torch.testing.assert_close(ask(batch_size=1)[0], logps)
try:
    ask(pixel_values=ids)
except NotImplementedError:
    print("as defined")
"""


def test_log_probabilities_and_entropies_are_those_of_the_definition(root: Path, tmp_path: Path) -> None:
    """In a process of its own: importing TRL warns, and warnings are errors here."""
    done = subprocess.run(
        [sys.executable, "-c", CHECK, str(tmp_path)], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == "as defined", done.stderr
