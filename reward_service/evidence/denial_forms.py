"""The forms in which English denies a statement: regular expressions for `denial.py`.

Anchored at the start of a sentence and bounded, so that no text makes them slow.
"""

from __future__ import annotations

import re

_LEAD = (
    r"(?:(?:but|yet|and|so|no|well|now|still|however|though|nevertheless|actually|clearly|obviously|overall|"
    r"in (?:fact|truth|reality|short|sum|conclusion)|of course|to be clear)\s*[,:;—–-]*\s+)*"
)
_HOW = (
    r"(?:(?:[a-z]{1,20}ly|just|all|quite|very|also|so|at all|of course|in fact|the|an?|one|nothing but|pure|"
    r"sheer|plain|complete|utter|total|gross|outright|crude|simple|popular|common|serious|grave|"
    r"in any way)\s+){0,4}"
)
_FALSE = (
    r"(?:false|untrue|wrong|incorrect|mistaken|erroneous|inaccurate|untenable|baseless|unfounded|misguided|"
    r"fallacious|absurd|bogus|rubbish|nonsense|falsehoods?|untruths?|mistakes?|errors?|lies?|myths?|fictions?|"
    r"fabrications?|fallacy|fallacies|far from (?:being )?(?:true|correct|right|accurate|the truth)|"
    r"(?:opposite|reverse|contrary) of (?:the truth|the case|what is true)|to be rejected)"
)
# Behind the predicate the phrase must end: in "false consciousness" nothing is called false.
_END = (
    r"(?=\s*(?:$|[.,;:!?…)\]\"”’]|\s[-–—])|\s+(?:and|but|or|nor|because|since|as|for|from|in|on|to|about|that|"
    r"when|at|by|both|through|too|altogether|again|today)\b)"
)
_TRUE = r"(?:true|correct|right|accurate|valid|tenable|sound|so|the case)"
_BE = r"(?:(?:\s+(?:is|are|was|were|remains?|would be|has been|have been)|['’](?:s|re)))"
_NOT = (
    r"(?:\s*n['’]t|\s+(?:not|never|hardly|scarcely|by no means|in no way))"
    r"(?! (?:only|just|merely|simply|solely)\b)"
)
_PREDICATE = (
    rf"(?:{_BE}\s+{_HOW}{_FALSE}{_END}"
    rf"|{_BE}{_NOT}\s+{_HOW}{_TRUE}{_END}"
    r"|\s+(?:must|should|has to|have to|ought to)\s+be\s+(?:rejected|dismissed|refuted|abandoned|discarded)\b"
    r"|\s+(?:cannot|can['’]t|can not|must not|should not)\s+be\s+"
    rf"{_HOW}(?:{_TRUE}|accepted|believed|upheld|maintained)\b"
    rf"|{_BE}\s+{_HOW}(?:refuted|disproved|debunked|rejected)\b"
    r"|\s+(?:does|do)(?:\s+not|n['’]t)\s+(?:hold|stand)\b"
    r"|\s+(?:gets?|has|have)\s+(?:it|everything|things|matters)\s+(?:\w{1,20}\s+)?"
    r"(?:wrong|backwards?|upside down)\b)"
)
_SAID = (
    r"(?:claims?|statements?|views?|ideas?|notions?|assertions?|accounts?|arguments?|thes[ie]s|propositions?|"
    r"beliefs?|opinions?|positions?|sentences?|quotations?|quotes?|remarks?|passages?|paragraphs?|texts?|"
    r"answers?|descriptions?|explanations?)"
)
_THINK = (
    r"(?:say|claim|think|believe|suppose|assert|argue|hold|maintain|imagine|state|suggest|conclude|pretend|"
    r"assume)"
)
_REFUSE = (
    r"(?:I|we) (?:reject|deny|dispute|disagree with|"
    r"(?:do not|don['’]t|cannot|can['’]t) (?:accept|believe|agree with))"
)
_NONE = r"(?:none|nothing|no (?:part|word|sentence)|not (?:a|one) (?:single )?(?:word|sentence))"
_ALL = (
    r"(?:all|everything|every (?:single )?(?:one|word|sentence|claim|statement|line|part)|"
    r"each (?:of|one|word|sentence|claim))"
)
# As a heading, without a verb: "Common misconceptions about the state:".
_MYTHS = (
    r"(?:(?:the|some|\w+|\d+) )?(?:(?:most|very) )?"
    r"(?:common|popular|widespread|frequent|typical|old|usual)? ?"
    r"(?:myths?|misconceptions?|misunderstandings?|fallacies|falsehoods|untruths|"
    r"(?:false|wrong|untrue|incorrect|mistaken) (?:statements?|claims?|answers?|views?|ideas?|beliefs?))"
)
_HERE = r"(?:here|below|in (?:this|the) (?:text|answer|passage|quotation|reference|paragraph))"
_TOLD = r"(?:says?|said|claims?|claimed|states?|stated|written|quoted|asserts?|asserted|told)"


def _compile(*patterns: str) -> re.Pattern[str]:
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns), re.IGNORECASE | re.DOTALL)


BACK = _compile(
    rf"{_LEAD}(?:this|that|it|which|they|such an? {_SAID}|"
    rf"(?:this|that|the|his|her|their)\s+(?:\w{{1,20}}\s+)?{_SAID}){_PREDICATE}",
    rf"{_LEAD}nothing could be (?:further|farther) from the truth",
    rf"{_LEAD}(?:just |quite |exactly |precisely )?the (?:exact |very |direct )?"
    r"(?:opposite|reverse|contrary) (?:is|was|holds)\b",
    rf"{_LEAD}{_REFUSE} (?:this|that|it|such)\b",
    rf"{_LEAD}{_HOW}(?:wrong|false|untrue|incorrect|nonsense|rubbish|absurd|lies|not (?:true|so|at all))"
    r"\s*[.!…\"”]*$",
)
"""Denies what stands before it."""
BACK_ALL = _compile(
    rf"{_LEAD}{_NONE}\b[^,;:]{{0,80}}?"
    rf"(?:{_BE}\s+{_HOW}{_TRUE}{_END}|\s+(?:holds?|(?:ever )?(?:happened|occurred)|makes (?:any )?sense)\b)",
    rf"{_LEAD}(?:{_ALL}|the (?:above|foregoing|preceding|previous|quoted|whole|entire)|"
    rf"(?:these|those)(?: {_SAID})?)\b[^,;:]{{0,80}}?{_PREDICATE}",
    rf"{_LEAD}what (?:\w{{1,20}} ){{1,4}}?{_TOLD}\b[^,;:]{{0,40}}?{_PREDICATE}",
    rf"{_LEAD}(?:[\w ]{{1,20}}[:,] )?(?:please )?(?:disregard|ignore|forget|strike) "
    r"(?:all|everything|the above|"
    r"the (?:\w+ ){0,2}(?:paragraph|text|answer|passage|sentences?|part) (?:above|before)|"
    r"the (?:preceding|foregoing|previous|first) \w+|what (?:I|we) (?:said|wrote)|this|that|it)\b",
    rf"{_LEAD}(?:I|we) (?:take|took|must take|have to take) (?:all |every word )?"
    r"(?:of )?(?:this|that|it) back\b",
    rf"{_LEAD}(?:do not|don['’]t|never) (?:believe|trust|accept) (?:a (?:single )?word|any|all|everything|"
    r"it|this|that|these|those)\b",
    rf"{_LEAD}{_REFUSE} (?:all|any|every|each|a (?:single )?word|the (?:above|foregoing)|these|those|what)\b",
)
"""Denies all that stands before it."""
AHEAD = _compile(
    rf"{_LEAD}[^:]{{0,120}}?\b(?:the following|what follows|as follows)\b[^:]{{0,80}}?"
    rf"(?:{_PREDICATE}|{_FALSE}{_END})",
    rf"{_LEAD}it{_PREDICATE}[^:]{{0,80}}(?::\s*$|:\s*[\"“]|\bthe following\b)",
    rf"{_LEAD}{_NONE} (?:of|in) (?:what follows|the following)\b",
    r"(?![^.:]*\b(?:is|are|was|were|has|have|had|does|do|can|may|will)\b)"
    rf"{_MYTHS}(?: (?:about|concerning|regarding|on|around) [^.:]{{1,100}})?\s*[:.]?\s*$",
    r"what [^:.?]{1,80}?(?:does|do|did|would)(?: not|n['’]t) "
    r"(?:say|claim|teach|hold|mean|argue|state|assert)\b[^:.?]{0,40}[:.]?\s*$",
    rf"{_LEAD}{_REFUSE}\b[^:]{{0,80}}(?::\s*$|:\s*[\"“]|\bthe following\b)",
)
"""Denies what stands behind it."""
AHEAD_AT_START = _compile(
    rf"{_LEAD}{_ALL}\b[^,;:]{{0,60}}?\b{_HERE}{_PREDICATE}",
    rf"{_LEAD}{_NONE}\b[^,;:]{{0,60}}?\b{_HERE}{_BE}\s+{_HOW}{_TRUE}{_END}",
    rf"{_LEAD}what (?:\w{{1,20}} ){{1,4}}?{_TOLD}\b[^,;:]{{0,40}}?{_PREDICATE}",
)
"""The same, where nothing stands before it."""
WITHIN = tuple(
    _compile(pattern)
    for pattern in (
        rf"{_LEAD}it{_BE}\s+{_HOW}{_FALSE}(?:\s+to\s+{_THINK})?\s*(?:,?\s+that\b|:)\s*(?P<said>.+)",
        rf"{_LEAD}it{_BE}{_NOT}\s+{_HOW}{_TRUE}(?:\s+to\s+{_THINK})?\s*(?:,?\s+that\b|:)\s*(?P<said>.+)",
        rf"{_LEAD}(?:[\w’'-]+\s+){{1,4}}?(?:den(?:y|ies|ied)|disput(?:es?|ed)|rul(?:es?|ed) out|"
        rf"(?:do(?:es)? not|don['’]t|doesn['’]t|did not|didn['’]t|never|refus(?:es?|ed) to) "
        rf"(?:accept(?:ed)?|believed?|{_THINK}|said|claimed|argued|held|taught|thought|maintained)|"
        rf"(?:reject|contest|dismiss|oppose)(?:s|es|ed|d)? (?:the|any|this) {_SAID}|"
        r"call(?:s|ed) it (?:an? )?(?:\w+ )?"
        r"(?:slander|lie|myth|error|mistake|illusion|nonsense|absurd|false))"
        r"\s+that\s+(?P<said>.+)",
        rf"{_LEAD}(?:the|any) (?:\w{{1,20}} )?{_SAID} that\s+(?P<said>.+){_PREDICATE}",
        rf"{_LEAD}[^\"“]{{0,60}}[\"“](?P<said>[^\"”]+)[\"”]\s*[—–:,;-]*\s*(?:but |and )?"
        rf"(?:this|that|it|which)?{_PREDICATE}",
        rf"(?P<said>.+?)\s*[,;:—–]\s*(?:(?:but|and|yet) )?(?:this|that|which){_PREDICATE}",
        rf"(?P<said>.+?)\s*[,;:—–]\s*(?:(?:but|and|yet) )?it{_PREDICATE}\s*[.!]*$",
        r"(?:wrong|false|untrue|incorrect|nonsense|not true|myth|misconception)\s*[:—–]\s*(?P<said>.+)",
        r"(?P<said>.+?)\s*[(\[](?:(?:but )?(?:this|that|which|it) is )?"
        rf"{_HOW}(?:{_FALSE}|not {_TRUE})[.!]?[)\]]\s*[.!]*$",
    )
)
"""Denies a statement that stands within the sentence."""
NO = _compile(r"no\b\s*[.!,;:—–]")
"""Answers a question in the negative."""
TURN = _compile(r"(?:in reality|in truth|the truth|what is true|the correct)\b")
"""Begins to speak for the writer again."""
