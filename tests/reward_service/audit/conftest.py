"""Sources made of a few texts by the real parser and embedder."""

from __future__ import annotations

import pytest

from reward_service.audit.maker import Source
from reward_service.audit.sources import Readers, sources
from reward_service.lexicons import load_lexicon
from reward_service.models.pack import load_readers
from reward_service.quality.answers import Question

QUESTIONS = (
    Question(
        "What did the guilds do in the medieval town?",
        "The guilds regulated prices and wages in the town. They admitted a new master only after years of "
        "service. In 1378 the wool workers of Florence rose against them. Merchants opposed the rule, and "
        "the council of Florence increased the tax. The bourgeoisie later abolished the guilds.",
        {
            "paraphrase": "Prices as well as wages were fixed by the guilds.",
            "reversal": "Guilds left prices alone.",
            "hollow": "Guilds are an interesting matter.",
        },
    ),
    Question(
        "How does a steam engine work?",
        "A boiler heats water until steam forms. The steam pushes a piston, and the piston turns a wheel. "
        "James Watt improved the engine in 1769. Coal feeds the fire in 24 of 25 mills in Manchester.",
    ),
    Question(
        "Why does the Nile flood every year?",
        "Summer rain falls on the highlands of Ethiopia. The rivers carry it north. Farmers in Egypt used "
        "the flood for their fields until the dam of 1970 stopped it.",
    ),
)


@pytest.fixture(scope="package")
def made_sources() -> list[Source]:
    annotator, embedder = load_readers("embedded")
    return sources(QUESTIONS, Readers(annotator, embedder), load_lexicon("marxist"), seed=1)
