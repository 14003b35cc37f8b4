"""What the hypotheses alone give away: baselines that never see a premise (Poliak et al. 2018).

A data set whose labels can be guessed from the hypothesis teaches a model to guess.  Chance is a third.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from reward_service.models.embedder import SentenceEmbedder
from reward_service.quality.labelled import LabelledPair


def words_baseline(train: Sequence[LabelledPair], test: Sequence[LabelledPair]) -> float:
    """Accuracy on ``test`` of a logistic regression on words and pairs of words, trained on ``train``."""
    model = make_pipeline(
        TfidfVectorizer(ngram_range=(1, 2), min_df=2, sublinear_tf=True), LogisticRegression(max_iter=2000)
    )
    model.fit([pair.hypothesis for pair in train], [pair.label for pair in train])
    return float(model.score([pair.hypothesis for pair in test], [pair.label for pair in test]))


def embedding_baseline(train: Sequence[LabelledPair], test: Sequence[LabelledPair], base: Path) -> float:
    """Accuracy on ``test`` of a logistic regression on sentence embeddings, trained on ``train``."""
    embedder = SentenceEmbedder(base, name="MiniLM", revision="")

    def vectors(pairs: Sequence[LabelledPair]) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
        return np.stack(embedder.run(embedder.prepare([pair.hypothesis for pair in pairs])))

    model = LogisticRegression(max_iter=2000).fit(vectors(train), [pair.label for pair in train])
    return float(model.score(vectors(test), [pair.label for pair in test]))
