"""spaCy: texts → sentences, tokens with dependency roles, noun chunks, entities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from reward_service.models.annotation_pieces import SubmittedBatch
from reward_service.models.annotation_pool import AnnotationPool
from reward_service.models.annotation_process import DEFAULT_PACKAGE
from reward_service.models.annotation_wire import unpack
from reward_service.models.protocols import ModelSpec, Staged
from reward_service.types import Annotate, Document

__all__ = ["DEFAULT_PACKAGE", "SpacyAnnotator"]

_CHARS_PER_TOKEN = 5
_BYTES_PER_TOKEN = 280
_BYTES_PER_DOCUMENT = 1_000


class SpacyAnnotator(Staged):
    """An installed spaCy pipeline with tagger, parser, lemmatizer and entities, on the CPU.

    Expects normalised text (`reward_service.text.normalise`): spaCy refuses lone surrogates.  White space
    gets no tokens.  Sentences cover everything else, end at line breaks where a list item or paragraph ends,
    and hold at most 100 tokens and 1,000 characters; no head lies outside its sentence.  See `sentences.py`.

    Args:
        package: name of an installed spaCy package, or a folder.
        processes: how many processes share the work, see `annotation_pool.py`; 0 keeps it in this one.

    Raises:
        ModelUnavailable: it is not installed, not the vetted one, or has no parser.
    """

    def __init__(self, package: str = DEFAULT_PACKAGE, processes: int = 0) -> None:
        self._pool = AnnotationPool(package, processes) if processes else None
        if self._pool is not None:
            version = self._pool.version
        else:
            # Only here: with processes, this one needs no spaCy.
            from reward_service.models.spacy_pipeline import SpacyPipeline

            self._pipeline = SpacyPipeline(package)
            version = self._pipeline.version
        self._spec = ModelSpec(
            role="annotator", name=package, revision=version, dtype="float32", device="cpu"
        )

    @property
    def spec(self) -> ModelSpec:
        return self._spec

    @property
    def pids(self) -> list[int]:
        """The ids of the annotator's own processes that are ready."""
        return self._pool.pids if self._pool is not None else []

    def prepare(self, items: Sequence[str | Annotate]) -> Sequence[Annotate]:
        """spaCy tokenises in its own pipeline, so all that is said here is whether entities are wanted."""
        return [Annotate(item) if isinstance(item, str) else item for item in items]

    def cost(self, prepared: Annotate) -> int:
        """Roughly its tokens."""
        return len(prepared.text) // _CHARS_PER_TOKEN + 1

    def collate(self, batch: Sequence[Annotate]) -> Any:
        """Send the texts to the processes, which begin at once: they need not wait for the batch before."""
        return self._pool.submit(batch) if self._pool is not None else list(batch)

    def forward(self, inputs: Any) -> Any:
        """Wait for the processes, or annotate here.

        Raises:
            RuntimeError: spaCy failed; see `AnnotationPool.submit`.
        """
        if isinstance(inputs, SubmittedBatch):
            return inputs, inputs.done.result()
        return self._pipeline.annotate(inputs)

    def finish(self, outputs: Any) -> Sequence[Document]:
        """One document for each text, in order."""
        if isinstance(outputs, list):
            return outputs
        batch, parts = outputs
        return unpack([item.text for item in batch.items], parts)

    def bytes_of(self, result: Document) -> int:
        """About the memory of a document without what is derived from it."""
        return _BYTES_PER_DOCUMENT + _BYTES_PER_TOKEN * len(result.tokens) + len(result.text)

    def health(self) -> str | None:
        return self._pool.health() if self._pool is not None else None

    def close(self) -> None:
        if self._pool is not None:
            self._pool.close()
