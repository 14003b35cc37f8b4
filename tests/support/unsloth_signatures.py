"""Records what Unsloth's functions take, without installing it: it needs a GPU even to be imported.

    python -m tests.support.unsloth_signatures > tests/fixtures/unsloth_signatures.json

Downloads the wheel that requirements/trainer-gpu.txt pins (31 MB) and reads its source.  Run it after
`make lock`; a test compares.
"""

from __future__ import annotations

import ast
import json
import re
import subprocess
import sys
import tempfile
import zipfile
from email.parser import Parser
from pathlib import Path
from typing import Any

LOCK = Path(__file__).parents[2] / "requirements" / "trainer-gpu.txt"
FUNCTIONS = {
    "from_pretrained": ("unsloth/models/loader.py", "FastLanguageModel"),
    "get_peft_model": ("unsloth/models/llama.py", "FastLlamaModel"),  # which FastLanguageModel inherits
}
CAPPED = ("datasets", "peft", "transformers", "trl")


def locked_version(package: str, lock: Path = LOCK) -> str:
    """The version that a lock file pins."""
    found = re.search(rf"^{re.escape(package)}==(\S+)", lock.read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise LookupError(f"{lock} pins no {package}")
    return found[1]


def download(folder: Path) -> Path:
    """The locked wheel, from the package index.

    Raises:
        subprocess.CalledProcessError: the index can't be reached.
    """
    pip = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary=:all:"]
    wanted = f"unsloth=={locked_version('unsloth')}"
    subprocess.run([*pip, "--dest", str(folder), wanted], check=True, capture_output=True, timeout=120)
    return next(folder.glob("unsloth-*.whl"))


def signatures(wheel: Path) -> dict[str, Any]:
    """Version, parameters and limits on other packages, as the wheel states them."""
    with zipfile.ZipFile(wheel) as files:
        metadata = next(name for name in files.namelist() if name.endswith(".dist-info/METADATA"))
        stated = Parser().parsestr(files.read(metadata).decode("utf-8"))
        found: dict[str, Any] = {"unsloth": stated["Version"]}
        for function, (module, owner) in FUNCTIONS.items():
            found[function] = _parameters(files.read(module).decode("utf-8"), owner, function)
    needs = [need for need in stated.get_all("Requires-Dist", []) if "extra ==" not in need]
    found["requires"] = sorted(need for need in needs if re.split(r"[^\w-]", need)[0] in CAPPED)
    return found


def _parameters(source: str, owner: str, function: str) -> list[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef) and node.name == owner:
            for inner in node.body:
                if isinstance(inner, ast.FunctionDef) and inner.name == function:
                    return sorted(a.arg for a in (*inner.args.args, *inner.args.kwonlyargs))
    raise LookupError(f"Unsloth has no {owner}.{function} any more")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(signatures(download(Path(folder))), indent=1))
