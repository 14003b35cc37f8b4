"""Where an answer stands on a claim: what it denies, reports, leaves open, or turns into its contrary."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from reward_service.evidence.denial import Denial
from reward_service.evidence.difference import Difference, Word, difference, overlap, words_of
from reward_service.evidence.reported import is_reported
from reward_service.evidence.statements import same
from reward_service.evidence.uncommitted import is_uncommitted
from reward_service.types import Document, Span


class Context:
    """What a document says about its own sentences; each is looked at once."""

    def __init__(self, document: Document, denied: Mapping[int, Denial]) -> None:
        self._document = document
        self._denials = {document.sentences[index]: denial for index, denial in denied.items()}
        self._reported: dict[Span, bool] = {}
        self._words: dict[Span, tuple[Word, ...]] = {}

    def denial(self, sentence: Span) -> Denial | None:
        return self._denials.get(sentence)

    def reported(self, sentence: Span) -> bool:
        if sentence not in self._reported:
            self._reported[sentence] = is_reported(self._document, sentence)
        return self._reported[sentence]

    def words(self, sentence: Span) -> tuple[Word, ...]:
        if sentence not in self._words:
            self._words[sentence] = words_of(self._document, sentence)
        return self._words[sentence]


class Stance:
    """Where an answer stands on one claim: what it denies, leaves open, or turns into its contrary."""

    def __init__(
        self,
        claim: Span,
        claims: Sequence[Span],
        stated: Context,
        answered: Context,
        nearest: Sequence[Span],
    ) -> None:
        self._claim, self._stated, self._answered = claim, stated, answered
        # A view that the reference itself reports, or a question that it asks, may be reported or asked
        # again.
        self._open = stated.reported(claim) or is_uncommitted(claim.text)
        self.false_copy: Span | None = None
        self.difference: Difference | None = None
        spoken = [sentence for sentence in nearest if self.asserted(sentence) and not self.reported(sentence)]
        if spoken:
            self._find_false_copy(claims, spoken)

    def denial(self, sentence: Span) -> Denial | None:
        """How the answer denies a sentence, as far as that turns it against the claim.

        Where the reference itself denies the same, or reports the same view, an answer that denies it agrees.
        """
        denial = self._answered.denial(sentence)
        if denial is None or self._stated.denial(self._claim):
            return None
        return None if denial.view and self._stated.reported(self._claim) else denial

    def asserted(self, sentence: Span) -> bool:
        """Whether the answer stands for the sentence, and the sentence is no false copy of the claim."""
        denial = self.denial(sentence)
        denied = denial is not None and not denial.within  # as a whole, so that it asserts nothing
        uncommitted = not self._open and is_uncommitted(sentence.text)
        return not (denied or uncommitted or sentence == self.false_copy)

    def reported(self, sentence: Span) -> bool:
        """Whether the sentence reports somebody's view."""
        return self._answered.reported(sentence)

    def _find_false_copy(self, claims: Sequence[Span], spoken: Sequence[Span]) -> None:
        """Look at the sentence that copies the claim most closely: does it turn it into its contrary?

        It has to be a copy of this claim and no other: two claims of one reference may differ in a year.
        """
        ours = self._stated.words(self._claim)
        copy = max(spoken, key=lambda sentence: overlap(ours, self._answered.words(sentence)))
        theirs = self._answered.words(copy)
        found = None if same(copy.text, self._claim.text) else difference(ours, theirs)
        if found is not None and all(
            overlap(self._stated.words(other), theirs) < found.overlap
            for other in claims
            if other != self._claim
        ):
            self.false_copy, self.difference = copy, found
