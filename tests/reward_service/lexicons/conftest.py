"""Documents with real syntax, and the Marxist lexicon."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from reward_service.lexicons import Lexicon, load_lexicon
from reward_service.models.annotator import SpacyAnnotator
from reward_service.types import Document


@pytest.fixture(scope="session")
def marxist() -> Lexicon:
    return load_lexicon("marxist")


@pytest.fixture(scope="session")
def parse() -> Callable[[str], Document]:
    annotator = SpacyAnnotator()
    return lambda text: annotator.run(annotator.prepare([text]))[0]
