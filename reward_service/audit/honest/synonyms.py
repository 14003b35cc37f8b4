"""The reference with terms replaced by wordings that the lexicon holds for equivalent."""

from __future__ import annotations

import random

from reward_service.audit.maker import Maker, Source

DOCTRINES = ("ism",)


class Synonyms(Maker):
    name = "synonyms"
    family = "honest"

    def make(self, source: Source, rng: random.Random) -> str | None:
        text, done = source.document.text, 0
        for match in reversed(source.lexicon.terms(source.document)):
            other = source.lexicon.synonym(match.text)
            if other is None or not match.text.islower():  # capitals: a title, or a name
                continue
            if match.text.endswith(DOCTRINES) and not text[: match.start].casefold().endswith("the "):
                other = f"the {other}"  # "under capitalism", "under the capitalist system"
            text, done = text[: match.start] + other + text[match.end :], done + 1
        return text if done else None
