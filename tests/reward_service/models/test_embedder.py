"""The real MiniLM: unit vectors, nothing cut, the same alone and in company."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from sentence_transformers import SentenceTransformer

from reward_service.errors import ModelUnavailable
from reward_service.models.embedder import SentenceEmbedder
from reward_service.text import normalise
from reward_service.types import Vector

TEXTS = [
    "The state is an instrument of class rule.",
    "The state is a tool with which one class rules another.",
    "Bananas are yellow.",
    "剩余价值",
    "🚩",
    "الدولة أداة الطبقة الحاكمة",
    "class",
    "Labour is the source of value. " * 10,
]


def embed(embedder: SentenceEmbedder, *texts: str) -> list[Vector]:
    return list(embedder.run(embedder.prepare(texts)))


def test_unit_vectors_in_float32(embedder: SentenceEmbedder) -> None:
    for vector in embed(embedder, *TEXTS):
        assert vector.dtype == np.float32
        assert vector.shape == (embedder.dimensions,) == (384,)
        assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-5)


def test_the_steps_may_overlap_those_of_other_batches(embedder: SentenceEmbedder) -> None:
    first, second = embedder.prepare(TEXTS), embedder.prepare(["", "The end of a long text counts. " * 80])
    waiting = embedder.collate(first)
    between = embedder.finish(embedder.forward(embedder.collate(second)))
    outputs = embedder.forward(waiting)
    np.testing.assert_array_equal(np.stack(embedder.finish(outputs)), np.stack(embed(embedder, *TEXTS)))
    np.testing.assert_array_equal(np.stack(between), np.stack(embedder.run(second)))


def test_a_vector_weighs_its_numbers(embedder: SentenceEmbedder) -> None:
    for vector in embed(embedder, "value", "The end of a long text counts. " * 80, ""):
        assert vector.nbytes < embedder.bytes_of(vector) < vector.nbytes + 200


def test_meaning_is_near_meaning(embedder: SentenceEmbedder) -> None:
    state, tool, bananas, *_ = embed(embedder, *TEXTS)
    assert state @ tool > 0.6
    assert state @ bananas < 0.2


def test_agrees_with_the_library_where_the_library_cuts_nothing(
    embedder: SentenceEmbedder, minilm_folder: Path
) -> None:
    reference = SentenceTransformer(str(minilm_folder), device="cpu", local_files_only=True)
    expected = reference.encode(TEXTS[:-1], normalize_embeddings=True)
    np.testing.assert_allclose(np.stack(embed(embedder, *TEXTS[:-1])), expected, atol=1e-5)


def test_batched_equals_single(embedder: SentenceEmbedder) -> None:
    texts = [*TEXTS, "", "The end of a long text counts. " * 80]
    for text, vector in zip(texts, embed(embedder, *texts), strict=True):
        np.testing.assert_allclose(vector, embed(embedder, text)[0], atol=1e-5)


def test_the_end_of_a_long_text_counts(embedder: SentenceEmbedder) -> None:
    body = "The state is an instrument of class rule. " * 40
    plain, with_end, end = embed(embedder, body, body + "Bananas are yellow. " * 60, "Bananas are yellow.")
    assert with_end @ end > plain @ end + 0.1


def test_windows_hold_every_token_within_the_models_length(embedder: SentenceEmbedder) -> None:
    text = "surplus " * 2_000
    (prepared,) = embedder.prepare([text])
    assert sum(prepared.weights) == 2_000
    assert all(len(window.ids) <= 256 for window in prepared.windows)
    assert max(prepared.weights) - min(prepared.weights) <= 1
    assert embedder.cost(prepared) == 2_000 + 2 * len(prepared.windows)


def test_a_text_without_tokens_has_the_zero_vector(embedder: SentenceEmbedder) -> None:
    for vector in embed(embedder, "", " \n"):
        assert not vector.any()


@pytest.mark.parametrize(
    "text",
    [
        "剩余价值" * 500,
        "🚩" * 500,
        "a" * 30_000,
        "\x00" * 100,
        "الدولة " * 200,
        "\ud800",
        "[SEP]" * 500,
    ],
)
def test_awkward_texts(embedder: SentenceEmbedder, text: str) -> None:
    (vector,) = embed(embedder, normalise(text))
    assert np.linalg.norm(vector) == pytest.approx(1.0, abs=1e-4) or not vector.any()


def test_literal_special_tokens_change_nothing(embedder: SentenceEmbedder) -> None:
    plain, spoiled = embed(embedder, "The state rules.", "The state [SEP] rules.")
    np.testing.assert_allclose(plain, spoiled, atol=1e-6)


def test_vectors_cannot_be_changed_by_whoever_gets_them(embedder: SentenceEmbedder) -> None:
    (vector,) = embed(embedder, "value")
    with pytest.raises(ValueError, match="read-only"):
        vector[0] = 1.0


def test_tokenising_is_safe_in_many_threads(embedder: SentenceEmbedder) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: embedder.prepare(TEXTS), range(64)))
    assert all(prepared == found[0] for prepared in found)


def test_a_folder_without_a_model_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelUnavailable, match="REWARD_EMBEDDING_MODEL"):
        SentenceEmbedder(tmp_path, name="nothing", revision="none")
