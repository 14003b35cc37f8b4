"""Which sentences report a view, and whose."""

from __future__ import annotations

import pytest

from reward_service.evidence.reported import is_reported, reported_views

from .conftest import Annotate


def views(annotate: Annotate, text: str) -> list[tuple[str, str | None]]:
    document = annotate("", text).answer
    return [(v.cue, v.holder) for s in document.sentences for v in reported_views(document, s)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Idealists say that ideas make history.", ("say", "idealist")),
        ("Hegel claimed that the state is spirit.", ("claimed", "hegel")),
        ("Critics argue that value is subjective.", ("argue", "critic")),
        ("It is often said that wages rise.", ("said", None)),
        ("They believe that wages rise.", ("believe", None)),
        ("According to Hegel, the state is spirit.", ("according to", "hegel")),
        ("For idealists, matter is spirit.", ("for", "idealist")),
        ("In Hegel's view, history is the work of spirit.", ("in … view", None)),
        ("The so-called free market is free.", ("so - called", None)),
        ("Economists regard labour as a commodity.", ("regard", "economist")),
        ("The view that capital is a thing is common.", ("view that", None)),
        ("Wages seem to pay for all the labour.", ("seem", None)),
        ("Bernstein denied the crisis.", ("denied", "bernstein")),
    ],
)
def test_reports(annotate: Annotate, text: str, expected: tuple[str, str | None]) -> None:
    assert expected in views(annotate, text)


@pytest.mark.parametrize(
    "text",
    [
        "Ideas make history.",
        "For example, wages fell.",
        "For Germany, defeat was final.",
        "Marx shows that value is labour.",
        "This suggests that capital grows.",
        "We say that value is labour.",
        "In view of this, workers strike.",
        "They treat workers as things.",
        "Workers told a story.",
    ],
)
def test_assertions(annotate: Annotate, text: str) -> None:
    assert views(annotate, text) == []


def test_a_quotation_reports_and_its_sentences_share_a_holder(annotate: Annotate) -> None:
    document = annotate("", 'Before. "Wages rise. Wages fall." After that nothing.').answer
    holders = [{view.holder for view in reported_views(document, s)} for s in document.sentences]

    assert any(holders)
    assert not is_reported(document, document.sentences[0])
    assert not is_reported(document, document.sentences[-1])
    inside = [h for h in holders if h]
    assert all(h == inside[0] for h in inside)


def test_an_unclosed_quotation_mark_reports_nothing(annotate: Annotate) -> None:
    assert views(annotate, 'He wore 5" nails. Wages rise.') == []
