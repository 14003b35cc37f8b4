"""Whether an answer stops before it is finished, by how it ends.  Pure.

A model that ran out of tokens stops anywhere.  Nobody can see that of an answer that stops behind a full
stop; elsewhere its last characters tell, together with how the rest of it is written: whoever never sets full
stops has not forgotten the last one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from reward_service.evidence.tail import last_block, other_lines, without_trimmings

CERTAIN, LIKELY = 1.0, 0.5
_LONG_FRAGMENT = 12
"""Words of an answer of one line from which it is prose, with or without a full stop."""
_TITLE_WORDS = 8
"""Words of a last line that may be a title, a name or a farewell."""

_ENDED = re.compile(r"[.!?…。！？؟।:;,]")
_FULL_STOP = re.compile(r"(?:[.!?…。！？؟।]|\.\.\.)\Z")
_FOOTNOTED = re.compile(r"[^\d\s][.!?…][\"”’')\]]*\s?(?:\[?\d{1,3}\]?[,\s]*){1,4}\Z")
_ABBREVIATED = re.compile(r"(?:\b(?:cf|viz|vol|pp|mr|mrs|dr|prof)|\be\.g|\bi\.e)\.\Z", re.IGNORECASE)
_CITED = re.compile(
    r"(?:\b(?:pp?|vols?|ch|chs|chapters?|nos?|parts?|sections?|articles?|pages?|lines?|theses|thesis|act|book)(?:\.\s*|\s+|(?=\d))|§+\s*)"
    r"[\divxlcIVXLC]+(?:[–—,\s-]+[\divxlcIVXLC]+)*\Z"
)
_SOURCE = re.compile(
    r"\s*(?:sources?|references?|see|cf\.?|further reading|quoted|citation)\b", re.IGNORECASE
)
_URL = re.compile(
    r"\W*(?:\w+://\S+|www\.\S+|doi:\S+|[^\s@]+@[^\s@]+\.\w+|[\w.-]+\.(?:org|com|net|edu|gov|uk|de)(?:/\S*)?)\Z"
)
_URL_CHARS = 2000
_FORMULA = re.compile(r"[=≈≤≥<>∝→±×÷∑∫√^\\]|\s[+*/−]\s")
_FORMULA_WORDS = 3
_BEGUN = re.compile(r"\s\(?(\d{1,2})\)\Z")
_TAIL = 2000
"""Characters at the end that tell how it ends."""
_UNPUNCTUATED_SCRIPTS = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff]")
"""Thai, Lao, Burmese and Khmer, whose sentences end without a mark of ours."""

_ENDINGS = (
    (re.compile(r"[,،，、]\Z"), "ends in a comma"),
    (re.compile(r"[;；]\Z"), "ends in a semicolon"),
    (re.compile(r"[:：]\Z"), "ends in a colon"),
    (re.compile(r"(?<![:;=])(?<![:;=]-)[(\[{]\Z"), "ends in an open bracket"),
    (re.compile(r"(?:^|\s)[“„‘«\"']\Z|[“„«]\Z"), "ends in an open quotation mark"),
    (re.compile(r"[-–—‐‑]\Z"), "ends in a dash"),
    (re.compile(r"(?<!\*)[/&+=]\Z"), "ends in a sign that joins"),
    (re.compile(r"&#?\w+\Z|\\\Z"), "ends in an unfinished escape"),
)
_NEVER_LAST_LIST = (
    "a an the and or but nor because although whereas whilst whether than unless of my our their your its "
    "every into onto among amongst during despite towards toward upon via per whose"
)
_NEVER_LAST = frozenset(_NEVER_LAST_LIST.split())
"""Words that end no sentence, no title and no item of a list."""
_NEVER_LAST_IN_PROSE_LIST = (
    "if as at by for from in on to with without about against between through under over after before since "
    "until that which who whom is are was were be been being am has have had do does did can could will "
    "would shall should may might must not no very so such this these those his her he she it we they you "
    "while when where both either neither each any some also only even more most less rather thus therefore "
    "hence however"
)
_NEVER_LAST_IN_PROSE = frozenset(_NEVER_LAST_IN_PROSE_LIST.split())
"""Words that seldom end a sentence, and never one that lacks a full stop among sentences that have one."""
_NAMES = frozenset({"May", "Will"})
_OPENERS = frozenset(
    {"however", "thus", "therefore", "moreover", "this", "these", "it", "they", "when", "while"}
)
"""Words that begin a sentence and no title."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """Whether a text stops before it is finished."""

    certainty: float
    """1 certain, 0.5 likely, 0 not."""
    because: str | None = None
    """How it ends, as `ends in a comma`; None where it is finished."""


FINISHED = CutOff(0.0)
UNCLOSED = CutOff(CERTAIN, "the reasoning was never closed")


def cut_off(text: str) -> CutOff:
    """Whether an answer stops mid-sentence or in the midst of a construct.

    Certain (1): it ends in a comma, colon, dash, open bracket or quotation mark, in a word that ends nothing
    ("the", "and"), in an abbreviation that introduces something ("e.g."), in an open code block, emphasis,
    link or row of a table, or in a list item that has just begun.  Likely (0.5): prose ends without a full
    stop, or a heading has nothing under it.  Finished (0): whatever ends in a full stop or in a closing
    bracket or quotation mark, a citation, an address, a formula, a list or verse whose other lines have no
    full stop either, a short title.

    Args:
        text: a normalised answer with its Markdown, which shows what was left open.

    Returns:
        certainty and reason.  Linear in the text.
    """
    text = text.strip()
    if not text:
        return FINISHED
    block = last_block(text)
    if block.open:
        return CutOff(CERTAIN, block.open)
    if block.code:
        return FINISHED
    line = without_trimmings(block.line)[-_TAIL:]
    if block.marker and not line:
        begun = block.marker_goes_on
        return CutOff(CERTAIN, "ends in a list item that has just begun") if begun else FINISHED
    if block.heading and not line.endswith("."):
        return CutOff(LIKELY, "ends in a heading with nothing under it") if block.before else FINISHED
    if _ABBREVIATED.search(line):
        return CutOff(CERTAIN, f"ends in “{line.split()[-1]}”")
    if _FULL_STOP.search(line) or _FOOTNOTED.search(line):
        return FINISHED
    if not line or _is_address(line) or _UNPUNCTUATED_SCRIPTS.search(line):
        return CutOff(CERTAIN, block.left_open) if block.left_open else FINISHED
    for pattern, because in _ENDINGS:
        if pattern.search(line):
            return CutOff(CERTAIN, because)
    if block.left_open:
        return CutOff(CERTAIN, block.left_open)
    if (number := _BEGUN.search(line)) and f"{int(number[1]) - 1})" in line:
        return CutOff(CERTAIN, "ends in a list item that has just begun")
    return FINISHED if block.closed else _without_full_stop(text, line, block.marker)


def _without_full_stop(text: str, line: str, item: bool) -> CutOff:
    """The verdict on an answer whose last line ends in a word or number, with nothing behind it."""
    words = line.split()
    last = _as_written(words[-1].strip("“”‘’\"'*_`()[]"))
    siblings = [without_trimmings(other) for other in other_lines(text, items=item)]
    ended = sum(bool(_ENDED.match(other[-1:])) for other in siblings)
    if last in _NEVER_LAST and (len(words) > 1 or siblings):
        return CutOff(CERTAIN, f"ends in “{words[-1]}”")
    if item and siblings:
        prose = 2 * ended > len(siblings)
    elif siblings:
        prose = 2 * ended > len(siblings) and not _is_title(line, words)
    else:
        prose = bool(re.search(r"[.!?…]\s", line)) or len(words) >= _LONG_FRAGMENT
    if not prose or _CITED.search(line) or (siblings and _SOURCE.match(line)):
        return FINISHED
    if _FORMULA.search(" ".join(words[-_FORMULA_WORDS:])):
        return FINISHED
    if last in _NEVER_LAST_IN_PROSE:
        return CutOff(CERTAIN, f"ends in “{words[-1]}”")
    return CutOff(LIKELY, "ends without a full stop")


def _is_address(line: str) -> bool:
    """Whether a line ends in an address of the web or of a person."""
    last = line.rsplit(None, 1)[-1]
    return len(last) <= _URL_CHARS and _URL.match(last) is not None


def _as_written(word: str) -> str:
    """In small letters, but for what is another word in capitals ("option A", "the WHO", "in May")."""
    return word if word.isupper() or word in _NAMES else word.casefold()


def _is_title(line: str, words: list[str]) -> bool:
    """A short line of its own with a capital: a title, a name, a farewell."""
    if len(words) > _TITLE_WORDS or words[0].strip(",").casefold() in _OPENERS:
        return False
    return not re.search(r"[.!?…]\s", line) and line[:1].upper() == line[:1]
