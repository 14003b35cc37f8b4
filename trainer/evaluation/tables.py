"""A report on the console."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

NOTHING = "–"


def show(report: Mapping[str, Any], console: Console) -> None:
    """Print means, differences and win rates by reward, the answers' form, and what could not be scored."""
    for policy in report["policies"]:
        console.print(f"{policy['letter']} = {policy['name']}", markup=False, highlight=False, soft_wrap=True)
    for name in report["rewards"]:
        console.print(reward_table(report, name))
    console.print(
        "Means over the questions, in brackets their 95 % intervals.  Differences and win rates are A's, on "
        "the questions that both have a score for; a tie counts half.",
        style="dim", highlight=False,
    )  # fmt: skip
    console.print(form_table(report))
    for line in remarks(report):
        console.print(line, style="yellow", markup=False, highlight=False, soft_wrap=True)


def reward_table(report: Mapping[str, Any], reward: str) -> Table:
    """A line for each policy."""
    it = report["rewards"][reward]
    low, high = it["range"] or (None, None)
    table = _table(escape(reward) + ("" if low is None else f" ({low:g} … {high:g})"))
    table.add_column("", style="bold", min_width=1)
    for heading in ("mean", "A − this", "A wins", "won/tied/lost"):
        table.add_column(heading, justify="right")
    for policy in report["policies"]:
        mean, against = it["policies"][policy["name"]], it["against"].get(policy["name"])
        table.add_row(
            policy["letter"],
            interval(mean["mean"], mean["low"], mean["high"]),
            *(_against(against) if against else ("", "", "")),
        )
    return table


def form_table(report: Mapping[str, Any]) -> Table:
    """The answers' form, a line for each policy."""
    table = _table("Answers (words, tokens and seconds: means)")
    table.add_column("", style="bold", min_width=1)
    for heading in ("answers", "words", "tokens", "seconds", "cut off", "empty", "reasoning", "well formed"):
        table.add_column(heading, justify="right")
    for policy in report["policies"]:
        form = policy["form"]
        table.add_row(
            policy["letter"],
            str(form["answers"]),
            _mean(form["words"], 0),
            _mean(form["tokens"], 0),
            _mean(form["seconds"], 2),
            *(share(form[key]) for key in ("cut_off", "empty", "with_reasoning", "well_formed")),
        )
    return table


def remarks(report: Mapping[str, Any]) -> Iterator[str]:
    """What the tables leave unsaid."""
    letters = {policy["name"]: policy["letter"] for policy in report["policies"]}
    for name, it in report["rewards"].items():
        for policy, mean in it["policies"].items():
            for reason, count in mean["reasons"].items():
                answers = "answer" if count == 1 else "answers"
                yield f"{name}: {count} {answers} of {letters[policy]} could not be scored: {reason}"
        for other, against in it["against"].items():
            if against["win_rate"] is None:
                yield f"{name}: no question has a score from both A and {letters[other]}; they don't compare"
    for data in report["made"]["trained_on"]:
        letter = letters[data["policy"]]
        if data["seen"] is None:
            yield f"{letter} was trained on {data['file']}, which isn't here: it may have seen the questions"
        elif data["seen"]:
            yield (
                f"{letter} was trained on {data['seen']} of the {len(report['questions'])} questions "
                f"({data['file']}): on these it shows what it remembers"
            )
    if report["made"]["few"]:
        yield (
            f"Only {len(report['questions'])} questions: the intervals are narrower than they should be, and "
            "a difference may be chance."
        )


def interval(mean: float | None, low: float | None, high: float | None) -> str:
    """Such as `1.25 [0.98, 1.51]`."""
    if mean is None:
        return NOTHING
    return f"{mean:.2f}" if low is None else f"{mean:.2f} [{low:.2f}, {high:.2f}]"


def share(value: float | None) -> str:
    """A share in whole percent."""
    return NOTHING if value is None else f"{value:.0%}"


def _against(it: Mapping[str, Any]) -> tuple[str, str, str]:
    difference = it["difference"]
    if it["win_rate"] is None:
        return NOTHING, NOTHING, NOTHING
    won = f"{it['win_rate']:.0%} [{it['win_low']:.0%}, {it['win_high']:.0%}]"
    return (
        interval(difference["mean"], difference["low"], difference["high"]),
        won,
        f"{it['wins']}/{it['ties']}/{it['losses']}",
    )


def _mean(spread: Mapping[str, float] | None, digits: int) -> str:
    return NOTHING if spread is None else f"{spread['mean']:.{digits}f}"


def _table(title: str) -> Table:
    return Table(
        title=title, title_justify="left", caption_justify="left", box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0)
    )
