"""Numbers and dates in a text, by their value: "1,000", "1000" and "one thousand" are one number.  Pure.

Closed forms of English, read from the text alone: digits with commas and decimals, number words up to
trillions, years, decades ("the 1840s"), centuries ("the nineteenth century") and spans of years ("1914–18").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Literal, NamedTuple

_ONES = """
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen
seventeen eighteen nineteen
"""
_TENS = "twenty thirty forty fifty sixty seventy eighty ninety"
_SCALES = {"hundred": 100, "thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}
_VALUES = {word: value for value, word in enumerate(_ONES.split())} | {
    word: 10 * value for value, word in enumerate(_TENS.split(), start=2)
}
_ORDINALS = """
first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth
fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first
"""
_CENTURIES = {word: value for value, word in enumerate(_ORDINALS.split(), start=1)}

_DIGITS = r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
_WORD = rf"(?:{'|'.join((*_VALUES, *_SCALES))})"
_PATTERN = re.compile(
    r"(?<!\w)(?<!\d[.,])(?:"
    rf"(?P<century>\d{{1,2}}(?:st|nd|rd|th)|{'|'.join(reversed(_CENTURIES))})[ -]centur(?:y|ies)"
    r"|(?P<decade>[12]\d\d0)['’]?s"
    r"|(?P<from>[12]\d{3})\s?[-–—/]\s?(?P<to>\d{4}|\d\d)(?!\s?%|[-–/]\d)"
    rf"|(?P<digits>{_DIGITS})(?P<scale>(?:[ -](?:{'|'.join(_SCALES)})){{0,2}})"
    rf"|(?P<words>{_WORD}(?:(?:\s+and\s+|[\s-]+){_WORD}){{0,11}})"
    r")(?!\w|[.,]\d)",
    re.IGNORECASE,
)
_UNIT = re.compile(
    r"[\s-]*(?:%|(?:per\s?cent|percent|hours?|days?|weeks?|months?|years?|decades?|centuries|times|pounds?|"
    r"dollars?|roubles?|rubles?|marks?|francs?)\b)",
    re.IGNORECASE,
)
_FIRST_YEAR, _LAST_YEAR = 1000, 2100
_SMALL = 10
"""Up to here a number word without a unit is mere counting: "two classes", "one of them"."""


class Quantity(NamedTuple):
    """A number or date; [start, end) are characters of the text."""

    text: str
    kind: Literal["number", "date"]
    low: float
    high: float
    """The last number that it holds: of the 1840s 1849; else equal to `low`."""
    start: int
    end: int
    counts: bool
    """It says how much or when; False for list numbers and for small words such as "two" without a unit."""

    def covers(self, other: Quantity) -> bool:
        """Whether a text that has this one backs the other: the same number, or for a period a year in it."""
        if self.kind == "date" and other.kind == "date" and other.low < other.high:
            return other.low <= self.low and self.high <= other.high
        return (self.low, self.high) == (other.low, other.high)


def quantities(text: str) -> tuple[Quantity, ...]:
    """The numbers and dates of a text, in order; a span of years gives two."""
    return tuple(_found(text))


def _found(text: str) -> Iterator[Quantity]:
    for match in _PATTERN.finditer(text):
        start, end = match.span()
        if word := match["century"]:
            number = _CENTURIES.get(word.casefold()) or int(re.sub(r"\D", "", word))
            yield Quantity(match[0], "date", 100 * number - 100, 100 * number - 1, start, end, True)
        elif year := match["decade"]:
            yield Quantity(match[0], "date", int(year), int(year) + 9, start, end, True)
        elif year := match["from"]:
            last = match["to"]
            for place, value in (("from", year), ("to", year[: 4 - len(last)] + last)):
                yield Quantity(match[place], "date", int(value), int(value), *match.span(place), True)
        elif digits := match["digits"]:
            value = float(digits.replace(",", ""))
            for scale in re.findall(r"[a-z]+", match["scale"].casefold()):
                value *= _SCALES[scale]
            dated = digits.isdigit() and not match["scale"] and _FIRST_YEAR <= value <= _LAST_YEAR
            listed = len(digits) <= 2 and _is_list_number(text, start, end)
            yield Quantity(match[0], "date" if dated else "number", value, value, start, end, not listed)
        else:
            value = _value(match["words"])
            counts = value > _SMALL or bool(_UNIT.match(text, end))
            yield Quantity(match[0], "number", value, value, start, end, counts)


def _is_list_number(text: str, start: int, end: int) -> bool:
    """Whether a number counts an item: "1.", "(1)" or "1)", but not "in 1." and not "(aged 45)"."""
    if not re.match(r"[.)](?:\s|$)", text[end : end + 2]):
        return False
    before = text[max(0, start - 60) : start].rstrip(" ")
    opens = not before or before[-1] in "\n([.:;!?"
    return opens or (text[end] == ")" and "(" not in before)


def _value(words: str) -> float:
    """ "three hundred and twenty-five thousand" → 325000."""
    total = part = 0
    for word in re.findall(r"[a-z]+", words.casefold()):
        if word in _VALUES:
            part += _VALUES[word]
        elif word == "hundred":
            part = max(part, 1) * 100
        elif word in _SCALES:
            total, part = total + max(part, 1) * _SCALES[word], 0
    return float(total + part)
