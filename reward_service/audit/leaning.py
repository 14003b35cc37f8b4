"""Which sentences lean on the one before them, so that they can't be moved away from it."""

from __future__ import annotations

from collections.abc import Sequence

_LEANING_WORDS = """
this that these those it its they their them he his him she her such here there both neither either however
therefore thus hence moreover furthermore instead rather nevertheless nonetheless yet but and or so then also
consequently accordingly similarly likewise conversely meanwhile finally second secondly third thirdly fourth
next afterwards later again still another others ultimately former latter
"""
_LEANING = frozenset(_LEANING_WORDS.split())
_LEANING_PAIRS = frozenset(
    {("in", "this"), ("in", "contrast"), ("in", "addition"), ("in", "other"), ("in", "short"), ("in", "sum")}
    | {("as", "a"), ("as", "such"), ("for", "this"), ("for", "example"), ("for", "instance"), ("on", "the")}
    | {
        ("the", "former"),
        ("the", "latter"),
        ("the", "second"),
        ("the", "third"),
        ("the", "other"),
        ("at", "the"),
    }
)


def leans(text: str) -> bool:
    """Whether a sentence begins by pointing back ("This …", "However, …", "In contrast …")."""
    words = [word.strip("“”\"'‘’(),;:").casefold() for word in text.split()[:2]]
    if not words:
        return True
    return words[0] in _LEANING or not words[0][:1].isalpha() or tuple(words) in _LEANING_PAIRS


def blocks(texts: Sequence[str]) -> list[str]:
    """The sentences joined with those that lean on them, in order."""
    found: list[str] = []
    for text in texts:
        if found and leans(text):
            found[-1] += f" {text}"
        else:
            found.append(text)
    return found
