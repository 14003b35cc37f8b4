"""What api.md takes from the code beside the wire: rewards, errors, limits, metrics."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry

from reward_service import errors
from reward_service.catalogue import build_catalogue
from reward_service.errors import TouchstoneError
from reward_service.lexicons import load_lexicon
from reward_service.settings import Settings, variables
from shared.schema import Limits, RewardInfo


@dataclass(frozen=True, slots=True)
class RewardRow:
    """One reward."""

    name: str
    range: str
    measures: str


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One code of the wire."""

    status: int
    code: str
    when: str


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit of `GET /info`."""

    name: str
    default: str
    variable: str
    doc: str


@dataclass(frozen=True, slots=True)
class MetricRow:
    """One metric, under the name by which Prometheus asks for it."""

    name: str
    kind: str
    labels: tuple[str, ...]
    doc: str


def rewards() -> list[RewardRow]:
    """The rewards that come with the server, functions first."""
    catalogue = build_catalogue(load_lexicon(Settings.model_fields["lexicon"].default))
    return [
        RewardRow(info.name, f"{_number(info.low)} … {_number(info.high)}", _measures(info))
        for info in catalogue.infos()
    ]


def error_rows(words: Mapping[str, str]) -> list[ErrorRow]:
    """Every error that a request can get, by status.

    Args:
        words: code → what is said in place of the docstring.
    """
    rows = [
        ErrorRow(each.status, each.code, words.get(each.code) or _line(each.__doc__))
        for each in vars(errors).values()
        if isinstance(each, type) and issubclass(each, TouchstoneError) and "code" in vars(each)
    ]
    return sorted(rows, key=lambda row: row.status)


def limits() -> list[LimitRow]:
    """What `GET /info` calls limits, with their settings."""
    names = variables()
    rows = []
    for name in Limits.model_fields:
        field = Settings.model_fields[name]
        rows.append(LimitRow(name, f"{field.default:,}", names[name], _line(field.description)))
    return rows


def deadlines() -> list[LimitRow]:
    """How long a request of each lane waits where it says nothing."""
    names = variables()
    rows = []
    for name, field in Settings.model_fields.items():
        if name.startswith("deadline_"):
            rows.append(LimitRow(name, f"{field.default:g} s", names[name], _line(field.description)))
    return rows


def metrics(registry: CollectorRegistry) -> list[MetricRow]:
    """Every metric of a registry, in the order in which it was added."""
    labels = declared(registry)
    rows = []
    for family in registry.collect():
        name = family.name + ("_total" if family.type == "counter" else "")
        rows.append(MetricRow(name, family.type, labels[name], family.documentation))
    return rows


def declared(registry: CollectorRegistry) -> dict[str, tuple[str, ...]]:
    """Every name that a scrape can hold → its labels, `le` of buckets left out."""
    return dict(_declared(registry))


def _declared(registry: CollectorRegistry) -> Iterator[tuple[str, tuple[str, ...]]]:
    # The library has no public way to ask for the labels of a metric that has no sample yet.
    for collector, names in registry._collector_to_names.items():
        for name in names:
            yield name, tuple(getattr(collector, "_labelnames", ()))
        if not names:  # made at each scrape: the counters of the models' batches, all of them by worker
            yield from ((f"{family.name}_total", ("worker",)) for family in collector.collect())


def _measures(info: RewardInfo) -> str:
    """The first sentence of a reward's documentation, and why not to use it."""
    line = _line(info.doc)
    first = re.split(r"(?<=[.?!])\s", line, maxsplit=1)[0]
    return f"{first} Deprecated: {info.deprecated}" if info.deprecated else first


def _number(value: float) -> str:
    return f"{value:g}".replace("-", "−")


def _line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")
