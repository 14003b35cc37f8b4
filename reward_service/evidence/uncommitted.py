"""Sentences that utter a statement without standing for it: questions, open doubts, other people's say-so.

"Is it true that wages fall?", "nobody can say whether wages fall" and "some critics claim that wages fall"
hold every word of "wages fall", and an NLI model is easily taken in by them; none of them says that wages
fall.  A view with a named holder is another matter: "Marx holds that …" is how theory is explained.  Closed
lists of English forms, anchored at the start of the sentence, as in `denial.py`.  Pure.
"""

from __future__ import annotations

import re

_LEAD = r"(?:(?:but|yet|and|so|now|still|however|of course|perhaps|today|moreover|also)\s*,?\s+)*"
_SOME = (
    r"(?:some|certain|a few|several|various|a number of|not a few|many|most|its?|their|the|all)\s+"
    r"(?:\w+\s+){0,2}?"
)
_PEOPLE = (
    r"(?:critics|opponents|detractors|enemies|sceptics|skeptics|adversaries|commentators|observers|pundits|people|"
    r"writers|authors|voices|rumours|rumors|naysayers)"
)
_SAY = (
    r"(?:say|says|said|claim|claims|claimed|allege|alleges|alleged|believe|believes|believed|suppose|supposed|pretend|"
    r"assert|asserted|maintain|maintained|imagine|imagined|suspect|suspected|wonder|wondered|ask|asked|think|thought|"
    r"contend|contended|would have us believe|like to say|will tell you|tell us|"
    r"have (?:claimed|said|wondered|alleged))"
)
_SAID = r"(?:said|claimed|alleged|supposed|believed|rumoured|rumored|asserted|imagined|thought|suggested)"
_WHETHER = r"\b(?:whether|if)\b"
_FORMS = tuple(
    re.compile(rf"{_LEAD}{pattern}", re.IGNORECASE)
    for pattern in (
        r"it (?:is|remains|seems)(?: still)? (?:not (?:known|clear|certain|decided)|unknown|unclear|"
        r"uncertain|doubtful|debatable|undecided|an open question|open|questionable|disputed)\b"
        rf".{{0,30}}?{_WHETHER}",
        r"it (?:may|might|could) (?:or may not |or might not |or could not )?(?:well )?(?:not )?be "
        r"(?:the case|true|so|that)\b",
        r"(?:may|might|could) it be\b",
        r"(?:nobody|no one|no-one|none of us) (?:can (?:say|tell|know)|knows|is (?:sure|certain))\b"
        rf".{{0,30}}?{_WHETHER}",
        r"(?:one|we|you|i|some|they|people|a few \w+)(?: \w+){0,2}? (?:might|may|could|can|have|do|to)? ?"
        r"(?:only )?(?:wonder|wondered|ask|asked|speculate|speculated|doubt|doubted|question|questioned)\b"
        rf".{{0,20}}?{_WHETHER}",
        r"(?:whether|if)\b[^,;]{3,400}? (?:is|remains) "
        r"(?:an open question|unknown|unclear|uncertain|disputed|not known)\b",
        rf"{_SOME}{_PEOPLE}(?: of [\w' -]{{1,40}}?)?(?: \w+ly)? {_SAY}\b",
        rf"{_PEOPLE}(?: of [\w' -]{{1,40}}?)?(?: \w+ly)? {_SAY}\b",
        r"it (?:is|was|has been) (?:sometimes|often|occasionally|widely|commonly|falsely|wrongly|frequently) "
        rf"{_SAID}\b",
        r"according to (?:one|some|a few|certain|its|their|his|her|popular|disputed|the usual)\b[^,]{0,40}"
        r"\b(?:account|accounts|critics|opponents|rumou?rs?|people|sources|opinion|legend|view)\b",
        r"(?:suppose|imagine|assume|let us (?:suppose|imagine|assume)|for the sake of argument)\b",
        r"(?:legend|rumou?r|gossip) has it\b",
        r"if (?:only )?it were (?:true|so)\b",
    )
)


def is_uncommitted(text: str) -> bool:
    """Whether a sentence states nothing as true, whatever statement it holds."""
    bare = text.strip(" \t\n\"“”'‘’()[]")
    return bare.endswith("?") or any(form.match(bare) for form in _FORMS)
