"""The parts of a completion (REWARDS.md): every defect, and what holds of any text."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.completion import CLOSE, OPEN, split


@pytest.mark.parametrize(
    ("text", "reasoning", "answer", "defects"),
    [
        ("plain answer", "", "plain answer", ()),
        ("", "", "", ()),
        (" \n ", "", "", ()),
        ("<think>why</think>because", "why", "because", ()),
        ("\n <think>\nwhy\n</think>\n\nbecause\n", "why", "because", ()),
        ("why</think>because", "why", "because", ()),  # an R1 template opened the tag in the prompt
        ("</think>because", "", "because", ()),
        ("<think></think>because", "", "because", ()),
        ("<think>why</think>", "why", "", ()),
        ("<think></think>", "", "", ()),
        ("</think>", "", "", ()),
        ("<think>", "", "", ("unclosed",)),
        ("<think>no end", "no end", "", ("unclosed",)),
        ("before <think>no end", "no end", "", ("unclosed", "text_before_reasoning")),
        ("before <think>why</think>because", "why", "because", ("text_before_reasoning",)),
        ("<think>a<think>b</think>c", "a<think>b", "c", ("several_open",)),
        ("<think>a</think>b</think>c", "a</think>b", "c", ("several_close",)),
        ("a</think>b</think>c", "a</think>b", "c", ("several_close",)),
        (
            "<think>a</think>b<think>c</think>d",
            "a</think>b<think>c",
            "d",
            ("several_open", "several_close"),
        ),
        ("<think>a</think>b<think>c", "a</think>b<think>c", "", ("several_open", "unclosed")),
        ("a</think>b<think>c", "a</think>b<think>c", "", ("unclosed", "close_before_open")),
        ("</think><think>", "</think><think>", "", ("unclosed", "close_before_open")),
        ("a</think>b<think>c</think>d", "a</think>b<think>c", "d", ("several_close", "close_before_open")),
        ("<Think>a</Think>b", "", "<Think>a</Think>b", ()),
        ("< think>a</think >b", "", "< think>a</think >b", ()),
    ],
)
def test_parts_and_defects(text: str, reasoning: str, answer: str, defects: tuple[str, ...]) -> None:
    parts = split(text)
    assert (parts.reasoning, parts.answer, parts.defects) == (reasoning, answer, defects)
    assert parts.text == text


@pytest.mark.parametrize(
    ("text", "well_formed"),
    [
        ("<think>why</think>because", True),
        ("why</think>because", True),
        ("<think></think>because", True),
        ("because", False),
        ("<think>why</think>", False),
        ("<think>why</think> \n", False),
        ("<think>why", False),
        ("before <think>why</think>because", False),
        ("<think>a<think>b</think>c", False),
        ("<think>a</think>b</think>c", False),
        ("a</think>b<think>c</think>d", False),
    ],
)
def test_well_formed(text: str, well_formed: bool) -> None:
    assert split(text).well_formed is well_formed


TAGGED = st.lists(
    st.one_of(
        st.sampled_from([OPEN, CLOSE, " ", "\n", "\x00", "\ud800", "\u202e", "<think", "think>"]), st.text()
    )
).map("".join)


@given(TAGGED)
def test_never_loses_text(text: str) -> None:
    """Told tag by tag: every piece is in the reasoning, in the answer, or before a leading `<think>`."""
    parts = split(text)
    assert parts.text == text
    first, *rest = re.split("(</?think>)", text)  # text, tag, text, tag, …, text
    if not rest:
        assert (parts.reasoning, parts.answer) == ("", text.strip())
        return
    if rest[0] == OPEN:
        assert ("text_before_reasoning" in parts.defects) == bool(first.strip())
        rest = rest[1:]
    else:
        rest = [first, *rest]
    last_tag = re.findall("</?think>", text)[-1]
    if last_tag == OPEN:
        assert (parts.reasoning, parts.answer) == ("".join(rest).strip(), "")
    else:
        *reasoning, _, answer = rest
        assert (parts.reasoning, parts.answer) == ("".join(reasoning).strip(), answer.strip())


@given(TAGGED)
def test_the_answer_never_holds_a_tag(text: str) -> None:
    parts = split(text)
    assert OPEN not in parts.answer
    assert CLOSE not in parts.answer
    assert parts.answer == parts.answer.strip()


@given(TAGGED)
def test_unclosed_reasoning_leaves_no_answer(text: str) -> None:
    parts = split(text + OPEN + "still thinking")
    assert parts.answer == ""
    assert "unclosed" in parts.defects
    assert not parts.well_formed


@given(st.text().filter(lambda text: "<" not in text), st.text().filter(lambda text: "<" not in text))
def test_round_trip(reasoning: str, answer: str) -> None:
    for opening in (OPEN, ""):
        parts = split(f"{opening}{reasoning}{CLOSE}{answer}")
        assert (parts.reasoning, parts.answer) == (reasoning.strip(), answer.strip())
        assert parts.well_formed == bool(answer.strip())
