"""Does a question ask about something, or is it a courtesy or a remark on the conversation?  Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from reward_service.checks.reading import evidence
from reward_service.types import Score

TOPIC = "topic_relevance_reward"

_COURTESY_LIST = (
    "afternoon amazing awesome bit bot brilliant bye chat cheers christmas cool day evening excellent "
    "fantastic fine friend glad good goodbye great happy hello help helpful helps hey hi interesting kind "
    "lol lot lovely luck meet merry morning new nice night no ok okay perfect pleasure robot see sorry "
    "speak talk thank thanks thx today tomorrow tonight weekend welcome wonderful year yes"
)
_CONVERSATION_LIST = (
    "again answer brief clarify continue correct detail different elaborate example expand explain follow "
    "go happen idea know last long longer mean message more next one paragraph part please point previous "
    "question read repeat rephrase right say sentence short shorten shorter simple simpler simplify "
    "summarise summarize summary sure tell thing think translate true try understand use want way word "
    "work write wrong"
)
_NO_TOPIC = frozenset(_COURTESY_LIST.split()) | frozenset(_CONVERSATION_LIST.split())
"""Words that carry no subject of their own: what "Explain that again, please" is about was said before."""
_WORD = re.compile(r"[^\W\d_]+")


def asks_about_something(scores: Mapping[str, Score]) -> bool:
    """Whether the question names a topic that an answer could miss.

    A question without a topic is unscorable under topic relevance.  For one of courtesies alone ("Thanks,
    that helps a lot!") its words are taken for topics, so they are looked at here.

    Args:
        scores: with that of `topic_relevance_reward`.
    """
    topics = evidence(scores, TOPIC).get("topics") or []
    words = (
        word
        for topic in topics
        for word in _WORD.findall((topic if isinstance(topic, str) else topic["topic"]).casefold())
    )
    return any(word not in _NO_TOPIC for word in words)
