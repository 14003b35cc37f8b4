"""Watches a run for the ways in which GRPO goes wrong quietly, and warns or stops it.

Each guard looks at the last `window` steps, and speaks when its share reaches its bound:

- `cut_off`: groups whose completions were all cut off at the length limit: nobody saw how they end;
- `saturated`: a reward or part lies at the top of its range, so that it has nothing more to teach;
- `length`: within groups the total reward follows the completions' length (Pearson's correlation), and the
  completions grew longer: padding is being learned;
- `zero_spread`: groups whose completions all have the same total reward: these steps teach nothing;
- `unscorable`: scores that the server could not give.
"""

from __future__ import annotations

import json
import statistics
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from trainer.tracking.record import StepRecord

if TYPE_CHECKING:
    from trainer.tracking.settings import GuardSettings

Range = tuple[float, float]
Found = Iterator[tuple[str, float]]
"""What a guard found: what it is about, and the share or correlation that it compares with its bound."""

FEWEST_FOR_CORRELATION = 30
"""Completions under which a correlation is mostly chance."""


@dataclass(frozen=True, slots=True)
class Warned:
    """A guard spoke: a line of `warnings.jsonl`."""

    step: int
    guard: str
    about: str
    """A reward's or part's name, or the whole run."""
    value: float
    """A share (0 … 1) or a correlation (−1 … 1)."""
    message: str
    stops: bool
    """Whether the settings say that the run ends here, with a checkpoint."""


class GuardStopped(Exception):
    """A guard whose setting is `stop` has spoken."""

    def __init__(self, warned: Warned) -> None:
        super().__init__(
            f"{warned.message}\nTo go on all the same, continue with --set guards.{warned.guard}.then=warn"
        )


def warn_in(
    path: Path, report: Callable[[str], None], alert: Callable[[str, str], None] | None
) -> Callable[[Warned], None]:
    """A teller that prints a warning, appends it to a file and, where there is one, sends an alert."""

    def tell(warned: Warned) -> None:
        report(f"warning: {warned.message}")
        with path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(warned), ensure_ascii=False) + "\n")
        if alert is not None:
            alert(f"guards.{warned.guard}", warned.message)

    return tell


@dataclass(frozen=True, slots=True)
class _Window:
    """What the guards look at."""

    records: Sequence[StepRecord]
    group_size: int
    most_tokens: int
    ranges: Mapping[str, Range]


class Guards:
    """Looks at every step; say what it finds with `tell`.

    A finding is told once, and again after a whole window, so that a warning never floods the log.  The
    window starts anew when a run is resumed, with the records that its folder holds.

    Args:
        settings: bounds, and what is to be done.
        group_size: completions of one prompt.
        most_tokens: the length at which completions are cut off.
        ranges: reward → its lowest and highest score, as the server's catalogue says.
        tell: gets every warning.
        before: the records of a run that is resumed.
    """

    def __init__(
        self,
        settings: GuardSettings,
        *,
        group_size: int,
        most_tokens: int,
        ranges: Mapping[str, Range],
        tell: Callable[[Warned], None],
        before: Sequence[StepRecord] = (),
    ) -> None:
        self._settings = settings
        self._group_size = group_size
        self._most_tokens = most_tokens
        self._ranges = ranges
        self._tell = tell
        self._records: deque[StepRecord] = deque(before, maxlen=settings.window)
        self._told: dict[tuple[str, str], int] = {}
        self.stop: Warned | None = None
        """The warning that ends the run; None while it may go on."""

    def __call__(self, record: StepRecord) -> None:
        """A step is done."""
        self._records.append(record)
        if len(self._records) < self._settings.window:
            return
        window = _Window(tuple(self._records), self._group_size, self._most_tokens, self._ranges)
        for name, guard in GUARDS.items():
            rule = getattr(self._settings, name)
            if rule.then == "off":
                continue
            for about, value in guard.find(window):
                if value >= rule.at_least and self._is_news(name, about, record.step):
                    self._speak(guard, name, about, value, record.step, stops=rule.then == "stop")

    def _is_news(self, name: str, about: str, step: int) -> bool:
        told = self._told.get((name, about))
        return told is None or step - told >= self._settings.window

    def _speak(self, guard: _Guard, name: str, about: str, value: float, step: int, *, stops: bool) -> None:
        self._told[name, about] = step
        message = (
            f"guards.{name}: {guard.says.format(about=about, value=value)} over {self._settings.window} steps"
        )
        warned = Warned(step, name, about, value, message, stops)
        if stops and self.stop is None:
            self.stop = warned
        self._tell(warned)


@dataclass(frozen=True, slots=True)
class _Guard:
    find: Callable[[_Window], Found]
    says: str


def cut_off(window: _Window) -> Found:
    """Share of groups whose completions all reached the length limit."""
    cut = [
        min(group) >= window.most_tokens
        for record in window.records
        for group in _groups(record.tokens, window.group_size)
    ]
    if cut:
        yield "completions", sum(cut) / len(cut)


def saturated(window: _Window) -> Found:
    """For each reward and part, how far up its range the mean lies (0 bottom, 1 top)."""
    for kind in ("rewards", "parts"):
        names = dict.fromkeys(name for record in window.records for name in getattr(record, kind))
        for name in names:
            bounds = window.ranges.get(name.rpartition("/")[2])
            spreads = [getattr(record, kind).get(name) for record in window.records]
            means = [spread.mean for spread in spreads if spread is not None and spread.mean is not None]
            if bounds is not None and bounds[1] > bounds[0] and means:
                yield name, (statistics.fmean(means) - bounds[0]) / (bounds[1] - bounds[0])


def length(window: _Window) -> Found:
    """The correlation of total reward and length within groups, where the completions grew longer."""
    pairs = [
        (float(tokens - statistics.fmean(lengths)), total - statistics.fmean(totals))
        for record in window.records
        if len(record.totals) == len(record.tokens)
        for lengths, totals in zip(
            _groups(record.tokens, window.group_size), _known_groups(record, window.group_size), strict=True
        )
        if totals
        for tokens, total in zip(lengths, totals, strict=True)
    ]
    means = [statistics.fmean(record.tokens) for record in window.records if record.tokens]
    half = len(means) // 2
    if len(pairs) < FEWEST_FOR_CORRELATION or half == 0:
        return
    if statistics.fmean(means[half:]) <= statistics.fmean(means[:half]):
        return
    longer, better = zip(*pairs, strict=True)
    if len(set(longer)) > 1 and len(set(better)) > 1:
        yield "total reward", statistics.correlation(longer, better)


def zero_spread(window: _Window) -> Found:
    """Share of groups whose totals are all equal."""
    shares = [record.total.zero_spread for record in window.records if record.total is not None]
    known = [share for share in shares if share is not None]
    if known:
        yield "total reward", statistics.fmean(known)


def unscorable(window: _Window) -> Found:
    """For each reward, the share of completions that the server could not score."""
    names = dict.fromkeys(name for record in window.records for name in record.rewards)
    for name in names:
        spreads = [record.rewards[name] for record in window.records if name in record.rewards]
        missing = sum(spread.unscorable for spread in spreads)
        asked = missing + sum(spread.scored for spread in spreads)
        if asked:
            yield name, missing / asked


GUARDS: Mapping[str, _Guard] = {
    "cut_off": _Guard(
        cut_off,
        "in {value:.0%} of the groups every completion was cut off; raise generation.max_completion_tokens, "
        "or ask for shorter answers,",
    ),
    "saturated": _Guard(
        saturated, "{about} is at {value:.0%} of its range, so that it has little more to teach,"
    ),
    "length": _Guard(
        length,
        "the reward follows length (correlation {value:.2f} within groups), and completions grew longer",
    ),
    "zero_spread": _Guard(
        zero_spread,
        "in {value:.0%} of the groups every completion got the same total reward, which teaches nothing,",
    ),
    "unscorable": _Guard(unscorable, "{value:.0%} of the completions could not be scored by {about}"),
}


def _groups(values: Sequence[int], size: int) -> list[Sequence[int]]:
    return [values[start : start + size] for start in range(0, len(values), size)]


def _known_groups(record: StepRecord, size: int) -> Iterator[list[float]]:
    """The totals of each group; an empty list where one is unknown."""
    for start in range(0, len(record.totals), size):
        group = record.totals[start : start + size]
        known = [total for total in group if total is not None]
        yield known if len(known) == len(group) else []
