"""Sentences that speak to the reader or about the answer and claim nothing: greetings, offers, announcements.

"I hope this helps", "Let me know if you have questions", "Here is a summary:", "The passages do not mention
this": none of them can be looked up in a passage.  "According to the passages, wages fall" can, without its
first words.  Closed lists of English forms, anchored at the start of the sentence and bounded.  Pure.
"""

from __future__ import annotations

import re

from reward_service.evidence.statements import without_citations

_LEAD = (
    r"(?:(?:but|and|so|ok|okay|well|however|unfortunately|sorry|please|also|finally|overall|now)\s*,?\s+)*"
)
_SOURCE = r"(?:passage|context|text|source|document|excerpt|extract)"
_GIVEN = r"(?:provided|given|retrieved|supplied|above|available|cited|quoted|first|second|third|two|three)"
_SOURCES = (
    rf"(?:(?:the|these|those|this|that|your|my|both|all)\s+(?:(?:of the|{_GIVEN})\s+){{0,3}}"
    rf"(?:{_SOURCE}s?|(?:source )?materials? {_GIVEN}|(?:{_GIVEN} )?information)|{_SOURCE}\s+\(?\d{{1,2}}\)?)"
    rf"(?:\s+(?:{_GIVEN}|i have|i was given|you (?:gave|provided)))?"
)
_LACK = (
    r"(?:(?:do(?:es)?|did)\s?(?:not|n['’]t)|cannot|can['’]t|never)\s+(?:\w+ly\s+|actually\s+|directly\s+)?"
    r"(?:mention|say|state|specify|contain|discuss|address|provide|give|cover|explain|include|answer|"
    r"indicate|tell|describe|support|name|offer|make)\b"
    r"|(?:contains?|gives?|makes?|offers?|provides?|holds?|ha(?:s|ve)) no\b|says? (?:nothing|little)\b"
    r"|(?:is|are) silent\b|lacks?\b"
)
_TELL = (
    r"(?:explain|summari[sz]e|outline|discuss|describe|present|list|try|attempt|answer|break|walk|address|"
    r"review|turn to|begin|start|go through|look at|provide|give|help|assist|clarify|elaborate)\b"
)
_AUX = r"(?:\s?['’](?:ll|d|ve|m|re)|\s+(?:will|shall|would|can|could|am|are|have|want|wish|hope))"
_ANSWER = (
    r"(?:summary|overview|answer|explanation|list|breakdown|outline|response|points?|comparison|account)"
)
_NUMBER = re.compile(r"\(?(?:\d{1,2}|[a-z])[.)]\s+(?=\S)")
"""The number of an item of a list."""
_META = tuple(
    re.compile(rf"{_LEAD}{pattern}", re.IGNORECASE)
    for pattern in (
        r"(?:hello|hi|hey|greetings|welcome|good (?:morning|afternoon|evening)|thanks?(?: you)?|cheers|"
        r"you(?:['’]| a)re welcome|certainly|sure|absolutely|goodbye|good luck)\b[^,.!:]{0,40}(?:[.!,:]|$)",
        r"(?:that(?:['’]s| is)|this is|what|it(?:['’]s| is)) an? (?:\w+[ -]){0,3}"
        r"(?:question|topic|request)[^,;]{0,30}$",
        r"(?:let me|allow me to|feel free|don['’]t hesitate|do not hesitate|ask me)\b",
        r"if (?:you (?:have|need|want|would|['’]d|wish|are (?:interested|looking))|you['’]d|anything|"
        r"there is anything)\b.{0,120}(?:question|ask|know|help|more|further|clarif|detail|else|assist|"
        r"tell me)",
        rf"(?:i|we){_AUX}(?:\s+(?:be|now|first|briefly|also|here|very|so|going|\w+ly))*\s+"
        rf"(?:(?:happy|glad|pleased|here|able|ready|like|do my best)\s+)?(?:to\s+)?{_TELL}",
        rf"i {_TELL}",
        r"(?:i|we) (?:hope|trust) (?:that )?(?:this|that|it|my|you|the)\b",
        r"(?:i['’]m|i am|as|being) an? (?:ai|large language|language|chat|virtual|assistant|helpful)\b",
        r"i(?:['’]m| am)? (?:do(?: not|n['’]t)|can(?: ?not|['’]t)|could(?: not|n['’]t)|"
        r"not (?:sure|aware|certain|able)|unable|have no|apologi[sz]e|was (?:not able|unable))\b",
        rf"{_SOURCES} (?:{_LACK})",
        rf"(?:there (?:is|are)|i (?:see|find|found)) (?:no|nothing|not enough|insufficient)\b.{{0,80}}?"
        rf"{_SOURCES}",
        r"(?:here(?:['’]s| is| are)|below (?:is|are)|what follows is|the following is)\b.{0,60}"
        rf"\b{_ANSWER}\b",
        r"(?:this|the|my) (?:answer|response|summary|section|explanation) (?:below )?(?:will|helps?|covers?|"
        r"is based|draws|gives?|explains?|addresses|relies|rests)\b",
        r".{0,120}\b(?:following|as follows|below|here)\b.{0,60}:$",
    )
)
_TELLS = r"(?:states?|says?|explains?|shows?|notes?|mentions?|describes?|indicates?|suggests?|argues?)"
_LEAD_IN = re.compile(
    rf"{_LEAD}(?:"
    r"(?:based (?:up)?on|according to|judging by|going by|drawing on|relying on|following|from|per|in|"
    r"as (?:\w+ )?(?:stated|described|explained|noted|mentioned|shown|said|set out|seen) (?:in|by))\s+"
    rf"{_SOURCES}\s*,\s*"
    rf"|as {_SOURCES} (?:\w+ )?(?:{_TELLS}|puts? it)\s*,\s*"
    rf"|{_SOURCES} (?:also |clearly |further )?(?:{_TELLS}|makes? (?:it )?clear|tells? us) that\s+"
    r"|(?:i (?:think|believe|would say|understand)|in my (?:view|opinion)"
    r"|it (?:is|['’]s) (?:clear|worth noting|important to note))(?: that)?\s*,?\s+"
    r"|to (?:answer|address) (?:your|this|the) question\s*[,:]\s*"
    r")",
    re.IGNORECASE,
)


def is_meta_talk(text: str) -> bool:
    """Whether a sentence claims nothing about its subject: it greets, offers, announces, or says that the
    passages lack something."""
    bare = without_lead_in(text).strip(" \t\n\"“”'‘’()[]*")
    return not bare or any(form.match(bare) for form in _META)


def without_lead_in(text: str) -> str:
    """What a sentence claims, without its number in a list, citations, its source ("According to the
    passages, …") and "I think that …"."""
    text = without_number(without_citations(text).strip())
    match = _LEAD_IN.match(text)
    if match is None or not (rest := text[match.end() :]):
        return text
    return rest[0].upper() + rest[1:]


def without_number(text: str) -> str:
    """A sentence without its number in a list: "(4) Wages fall." """
    match = _NUMBER.match(text)
    return text[match.end() :] if match else text
