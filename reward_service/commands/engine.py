"""Settings → an engine that is not started yet."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from reward_service.api.context import Scorer
from reward_service.models.cores import share_cores
from reward_service.models.protocols import ModelPack
from reward_service.settings import MIB, Settings

if TYPE_CHECKING:
    from reward_service.workers import EngineLimits

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

    recipes = [settings.recipes_dir] if settings.recipes_dir is not None else []
    catalogue = build_catalogue(load_lexicon(settings.lexicon), recipes)
    return Engine(lambda: load_models(settings), catalogue, engine_limits(settings))


def engine_limits(settings: Settings) -> EngineLimits:
    """The sizes of batches and caches."""
    from reward_service.workers import EngineLimits

    return EngineLimits(
        max_batch_tokens=settings.max_batch_tokens,
        max_batch_s=settings.max_batch_s,
        max_batch_items=settings.max_batch_items,
        calls=share_cores(settings.calls, settings.threads).calls,
        cache_bytes=settings.cache_mib * MIB,
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
        threads=share_cores(settings.calls, settings.threads).threads,
        annotator_processes=default_processes() if processes is None else processes,
    )
