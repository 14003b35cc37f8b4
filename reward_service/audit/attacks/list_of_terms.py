"""The reference's terms and names, and more terms of the domain, as a list."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

MORE = 20


class ListOfTerms(Maker):
    name = "list_of_terms"
    family = "word soup"

    def make(self, source: Source, rng: random.Random) -> str | None:
        own = [match.text for match in source.lexicon.terms(source.document)]
        names = [entity.text for entity in source.document.entities]
        others = rng.sample(sorted(source.lexicon.term_categories), k=MORE)
        return ", ".join(dict.fromkeys([*own, *names, *others])) + "."
