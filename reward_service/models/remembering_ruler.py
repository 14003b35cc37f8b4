"""spaCy's attribute ruler, made quick: it remembers which of its rules match which kind of word.

The ruler turns tags into parts of speech.  It tries all its rules, 179 in the default pipeline, on every
token anew, which takes longer than the parser.  But nearly all of them look at one token alone: at its tag,
at its relation, and whether it is one of a few words.
"""

from __future__ import annotations

from typing import Any

from spacy.attrs import DEP, IS_SPACE, LOWER, TAG
from spacy.matcher import Matcher
from spacy.tokens import Doc

_ATTRIBUTES = {"TAG": TAG, "LOWER": LOWER, "DEP": DEP, "IS_SPACE": IS_SPACE}

Match = tuple[int, int, int, int]
"""Number of the rule, its id for spaCy, and the tokens [first, last) that it matched."""


class RememberingRuler:
    """Finds what `ruler.match` finds.

    Args:
        ruler: the pipeline's `attribute_ruler`; its rules may not change afterwards.
    """

    def __init__(self, ruler: Any) -> None:
        self._strings = ruler.vocab.strings
        self._simple = Matcher(ruler.vocab)
        """The rules that look at one token alone, and only whether it has a listed value or not."""
        self._others = Matcher(ruler.vocab)
        self._listed: dict[str, set[int]] = {name: set() for name in _ATTRIBUTES}
        """The values that simple rules name; all others are alike to them."""
        self._known: dict[tuple[int, ...], list[tuple[int, int]]] = {}
        """Kind of word → numbers and ids of the simple rules that match."""
        for number, rule in enumerate(ruler.patterns):
            for pattern in rule["patterns"]:
                values = _listed_values(pattern)
                (self._others if values is None else self._simple).add(str(number), [pattern])
                for name, listed in values or ():
                    self._listed[name] |= {v if isinstance(v, int) else self._strings.add(v) for v in listed}

    def match(self, doc: Doc) -> list[Match]:
        """All matches, by the number of their rule: later ones have precedence."""
        kinds = self._kinds(doc)
        if not all(map(self._known.__contains__, kinds)):
            self._learn(doc, kinds)
        found = [(number, m, at, at + 1) for at, kind in enumerate(kinds) for number, m in self._known[kind]]
        if len(self._others):
            found += self._found(self._others, doc)
        return sorted(found)

    def _kinds(self, doc: Doc) -> list[tuple[int, ...]]:
        """What simple rules can tell of each token; an unlisted value is -1."""
        columns = []
        for name, attribute in _ATTRIBUTES.items():
            listed = self._listed[name]
            columns.append([value if value in listed else -1 for value in doc.to_array(attribute).tolist()])
        return list(zip(*columns, strict=True))

    def _learn(self, doc: Doc, kinds: list[tuple[int, ...]]) -> None:
        fresh: dict[int, list[tuple[int, int]]] = {at: [] for at in range(len(kinds))}
        for number, match_id, at, _ in self._found(self._simple, doc):
            fresh[at].append((number, match_id))
        self._known.update((kind, fresh[at]) for at, kind in enumerate(kinds))

    def _found(self, matcher: Matcher, doc: Doc) -> list[Match]:
        found = matcher(doc, allow_missing=True, as_spans=False)
        return [(int(self._strings[match_id]), match_id, first, last) for match_id, first, last in found]


def _listed_values(pattern: list[dict[str, Any]]) -> list[tuple[str, list[Any]]] | None:
    """The values that a pattern names for each attribute; None if it is not of the simple kind."""
    if len(pattern) != 1 or not pattern[0].keys() <= _ATTRIBUTES.keys():
        return None
    values: list[tuple[str, list[Any]]] = []
    for name, wanted in pattern[0].items():
        if not isinstance(wanted, dict):
            values.append((name, [wanted]))
        elif wanted.keys() <= {"IN", "NOT_IN"}:
            values += [(name, listed) for listed in wanted.values()]
        else:
            return None
    return values
