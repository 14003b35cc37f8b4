"""The load of a GRPO step: groups of completions of one question each, made of real sentences by a seed.

python -m benchmarks.load [--prompts 16] [--completions 8] [--words 150 300] [--write FILE]

An answer mixes sentences of a paraphrase of its reference, of answers to neighbouring questions, of a fluent
reversal and a hollow answer, and a few of the reference itself (near copies need no NLI).  A sentence that
occurred before gets another opening, so that completions differ as those of a policy do.  Each answer has
the wanted length, and a short reasoning between `<think>` and `</think>` in front of it.
"""

from __future__ import annotations

import json
import random
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.report import material_of, medians, parser, percentile, write
from benchmarks.texts import Material, Question, sentences, words
from shared.completion import split
from shared.schema import ScoreItem

PROMPTS, COMPLETIONS, WORDS = 16, 8, (150, 300)
"""A step of the A40 preset's size."""
NEIGHBOURS = 4
"""Questions on either side whose answers lend sentences."""
SHARES = {"paraphrase": 35, "neighbours": 40, "reversal": 10, "hollow": 7, "own": 8}
"""Parts in a hundred sentences, where a question has them all."""
OPENINGS = (
    *("In this view, ", "On this reading, ", "It follows that ", "In other words, ", "By the same token, "),
    *("In practice, ", "At bottom, ", "As the argument goes, ", "Put plainly, ", "In the first place, "),
    *(
        "In the last resort, ",
        "Above all, ",
        "For the same reason, ",
        "As a rule, ",
        "On closer inspection, ",
    ),
    *("Taken as a whole, ", "At this point, ", "Seen historically, ", "To begin with, ", "All the same, "),
    *("In that sense, ", "As many have noted, ", "In the main, ", "From this side, ", "To be precise, "),
)
_LOWERED_LIST = (
    "The A An In On At As It This That These Those For From With When Where While If Although Since Because "
    "By Under Only Such Its His Their Both Each Every No Not Nor Here There Thus To What Who Why How One Two"
)
_LOWERED = frozenset(_LOWERED_LIST.split())
"""First words that are written small behind an opening; others may be names."""
_THOUGHTS = (
    "The question asks for the main point and for its reasons.",
    "I should say who argued it and in which work.",
    "First comes the claim, then how its parts hang together.",
    "I must not mix this up with what others said about it.",
    "A date would help, but only where I am sure of it.",
    "It is best to begin with the concept itself.",
)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a load is."""

    prompts: int = PROMPTS
    completions: int = COMPLETIONS
    """Of each prompt."""
    low: int = WORDS[0]
    high: int = WORDS[1]
    """Words of an answer."""

    @property
    def total(self) -> int:
        return self.prompts * self.completions

    def __str__(self) -> str:
        return f"{self.prompts} × {self.completions} completions of {self.low} … {self.high} words"


@dataclass(frozen=True, slots=True)
class Group:
    """A question with its reference and its completions."""

    question: str
    reference: str
    completions: Sequence[str]

    def items(self) -> list[ScoreItem]:
        """As a trainer sends them."""
        return [
            ScoreItem(prompt=self.question, completion=completion, reference=self.reference)
            for completion in self.completions
        ]


@dataclass(frozen=True, slots=True)
class Load:
    """Groups of completions."""

    groups: Sequence[Group]

    @property
    def items(self) -> list[ScoreItem]:
        """All of it, group after group."""
        return [item for group in self.groups for item in group.items()]

    def shares(self, clients: int) -> list[list[ScoreItem]]:
        """The items in consecutive parts that differ by at most one; no part is empty."""
        items = self.items
        clients = min(clients, len(items))
        cuts = [len(items) * number // clients for number in range(clients + 1)]
        return [items[a:b] for a, b in pairwise(cuts)]


def make_load(material: Material, size: Size, *, seed: int = 0, warm_up: bool = False) -> Load:
    """Make a load; the same one for the same arguments.

    Args:
        material: what sentences there are.
        size: prompts, completions, words of an answer.
        seed: another one gives other questions and other texts.
        warm_up: take the questions that the measured load, of the same seed, takes last.

    Raises:
        ValueError: there are fewer questions than prompts, or the lengths can't be met.
    """
    if not 0 < size.low <= size.high:
        raise ValueError(f"words must rise, not {size.low} … {size.high}")
    if len(material.questions) < size.prompts:
        raise ValueError(f"{size.prompts} prompts need as many questions, not {len(material.questions)}")
    chance = random.Random(f"{seed} {warm_up}")
    order = list(range(len(material.questions)))
    random.Random(seed).shuffle(order)
    order.sort(key=lambda place: not material.questions[place].variants)  # those with paraphrases first
    chosen = order[::-1][: size.prompts] if warm_up else order[: size.prompts]
    used: Counter[str] = Counter()
    return Load([_group(material, place, size, chance, used) for place in chosen])


def _group(material: Material, place: int, size: Size, chance: random.Random, used: Counter[str]) -> Group:
    question = material.questions[place]
    near = [
        material.questions[(place + step) % len(material.questions)]
        for step in (*range(-NEIGHBOURS, 0), *range(1, NEIGHBOURS + 1))
    ]
    sources = _sources(question, [other for other in near if other is not question])
    completions = [_completion(sources, size, chance, used) for _ in range(size.completions)]
    return Group(question.text, question.reference, completions)


def _sources(question: Question, near: Sequence[Question]) -> dict[str, list[str]]:
    """Kind → sentences, of the kinds that there are."""
    there = {kind: list(question.variants.get(kind, ())) for kind in ("paraphrase", "reversal", "hollow")}
    there["neighbours"] = [sentence for other in near for sentence in other.own]
    there["own"] = question.own
    return {kind: there[kind] for kind in SHARES if there[kind]}


def _completion(sources: dict[str, list[str]], size: Size, chance: random.Random, used: Counter[str]) -> str:
    wanted = chance.randint(size.low, size.high)
    kinds, weights = list(sources), [SHARES[kind] for kind in sources]
    answer: list[str] = []
    length = 0
    for _ in range(100 + 20 * wanted):
        if length >= wanted:
            break
        sentence = chance.choice(sources[chance.choices(kinds, weights)[0]])
        told = _told(sentence, used, chance)
        if sentence in answer or told in answer or length + words(told) > size.high:
            continue
        used[sentence] += 1
        answer.append(told)
        length += words(told)
    if length < size.low:
        answer, length = _filled(answer, sources, size)
    thought = " ".join(chance.sample(_THOUGHTS, 3))
    return f"<think>\n{thought}\n</think>\n\n{' '.join(answer)}"


def _filled(answer: list[str], sources: dict[str, list[str]], size: Size) -> tuple[list[str], int]:
    """Fill up to the least length with the shortest sentences; for lengths that leave little room."""
    length = sum(map(words, answer))
    for sentence in sorted((s for part in sources.values() for s in part), key=words):
        if length >= size.low:
            break
        if sentence not in answer and length + words(sentence) <= size.high:
            answer, length = [*answer, sentence], length + words(sentence)
    if length < size.low:
        raise ValueError(f"no answer of {size.low} … {size.high} words can be made of these sentences")
    return answer, length


def _told(sentence: str, used: Counter[str], chance: random.Random) -> str:
    """The sentence as it is at its first use, and then with an opening."""
    if not used[sentence]:
        return sentence
    opening = OPENINGS[(used[sentence] * 7 + chance.randrange(3)) % len(OPENINGS)]
    first, blank, rest = sentence.partition(" ")
    return f"{opening}{first.lower() if first in _LOWERED else first}{blank}{rest}"


def figures(load: Load) -> dict[str, float]:
    """Counts and lengths of a load."""
    answers = [split(completion).answer for group in load.groups for completion in group.completions]
    lengths = [words(answer) for answer in answers]
    said = [sentence for answer in answers for sentence in sentences(answer)]
    return {
        "completions": len(answers),
        "words": sum(lengths),
        "shortest": min(lengths),
        "median": percentile(lengths, 0.5),
        "longest": max(lengths),
        "sentences": len(said),
        "distinct sentences": len(set(said)),
    }


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a load, say what it holds, and write it as JSONL if wanted."""
    made = parser("load", __doc__)
    made.add_argument("--prompts", type=int, default=PROMPTS)
    made.add_argument("--completions", type=int, default=COMPLETIONS, help="of each prompt")
    made.add_argument("--words", type=int, nargs=2, default=WORDS, metavar=("LOW", "HIGH"))
    made.add_argument(
        "--write", type=Path, help="the items as JSONL, as `python -m reward_service score` reads it"
    )
    options = made.parse_args(arguments)
    size = Size(options.prompts, options.completions, *options.words)
    try:
        load = make_load(material_of(options), size, seed=options.seed)
    except (ValueError, OSError) as error:
        made.error(str(error))
    console = Console()
    found = figures(load)
    table = Table(title=str(size))
    for heading in found:
        table.add_column(heading, justify="right")
    table.add_row(*(f"{value:g}" for value in found.values()))
    console.print(table)
    if options.write is not None:
        options.write.parent.mkdir(parents=True, exist_ok=True)
        lines = [json.dumps(item.model_dump(exclude_none=True), ensure_ascii=False) for item in load.items]
        options.write.write_text("\n".join(lines) + "\n", encoding="utf-8")
    write(options.out, "load", console, seed=options.seed, runs=[found], medians=medians([found]))


if __name__ == "__main__":
    main()
