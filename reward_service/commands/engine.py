"""Settings → an engine that is not started yet."""

from __future__ import annotations

from collections.abc import Callable

from reward_service.api.context import Scorer
from reward_service.models.protocols import ModelPack
from reward_service.settings import MIB, Settings

Build = Callable[[Settings], Scorer]
"""Makes the engine of a command; tests that are not about models give another one than `build_engine`."""


def build_engine(settings: Settings) -> Scorer:
    """The engine of the settings' pack, lexicon and recipes; it loads its models when it is started.

    Raises:
        ConfigurationError: the lexicon or a recipe is wrong.
    """
    from reward_service.catalogue import build_catalogue
    from reward_service.engine import Engine
    from reward_service.lexicons import load_lexicon
    from reward_service.workers import EngineLimits

    recipes = [settings.recipes_dir] if settings.recipes_dir is not None else []
    limits = EngineLimits(
        max_batch_tokens=settings.max_batch_tokens,
        max_batch_s=settings.max_batch_s,
        max_batch_items=settings.max_batch_items,
        cache_bytes=settings.cache_mib * MIB,
    )
    return Engine(
        lambda: load_models(settings), build_catalogue(load_lexicon(settings.lexicon), recipes), limits
    )


def load_models(settings: Settings) -> ModelPack:
    """The models of the settings.

    Raises:
        ModelUnavailable: one of them can't be loaded; says what to do.
    """
    from reward_service.models.annotation_pool import default_processes
    from reward_service.models.pack import load_pack

    processes = settings.annotator_processes

    return load_pack(
        settings.models,
        nli_model=settings.nli_model,
        nli_calibration=settings.nli_calibration,
        embedding_model=settings.embedding_model,
        spacy_model=settings.spacy_model,
        device=settings.device,
        dtype=settings.dtype,
        threads=settings.threads,
        annotator_processes=default_processes() if processes is None else processes,
    )
