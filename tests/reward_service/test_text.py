"""normalise(): one spelling for what reads the same."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reward_service.text import normalise
from tests.support.timing import quickest

any_text = st.text(alphabet=st.characters(), max_size=200)  # lone surrogates included


@pytest.mark.parametrize(
    ("raw", "clean"),
    [
        ("The state.\nA tool\tof rule.", "The state.\nA tool\tof rule."),
        ("one\r\ntwo\rthree\u2028four\x85five", "one\ntwo\nthree\nfour\nfive"),
        ("pro\u00adle\u200bta\u200driat\ufeff", "proletariat"),
        ("\u202etxet\u202c \u2066x\u2069", "txet x"),
        ("val\x00ue\x07", "value"),
        ("\ud800lone\udfff", "\ufffdlone\ufffd"),
        ("ﬁnance Ｖａｌｕｅ a\u00a0b", "finance Value a b"),
        ("cafe\u0301", "café"),
        ("剩余价值 قيمة 🚩", "剩余价值 قيمة 🚩"),
        ("tag\U000e0041\U000e0042", "tag"),
        ("It dоеs nоt, ѕоmе ѕау", "It does not, some say"),  # Cyrillic letters among Latin ones
        ("Москва, СССР, λόγος", "Москва, СССР, λόγος"),
        ("Plain Latin words with one ехас among them", "Plain Latin words with one exac among them"),
        ("", ""),
    ],
)
def test_examples(raw: str, clean: str) -> None:
    assert normalise(raw) == clean


@given(any_text)
def test_is_idempotent_and_encodable(text: str) -> None:
    once = normalise(text)
    assert normalise(once) == once
    once.encode("utf-8")


def test_no_code_point_leaves_a_control_or_surrogate() -> None:
    for number in range(sys.maxunicode + 1):
        once = normalise(chr(number))
        assert normalise(once) == once, hex(number)
        for char in once:
            assert char in "\n\t" or unicodedata.category(char) not in ("Cc", "Cs"), hex(number)


@given(st.text(alphabet=st.characters(min_codepoint=32, max_codepoint=126)))
def test_plain_ascii_stays(text: str) -> None:
    assert normalise(text) == text


def test_stacked_marks_are_cut_and_take_no_time() -> None:
    text = "a" + "\u0301\u0323" * 15_000
    assert quickest(lambda: normalise(text)) < 0.5
    assert len(normalise(text)) <= 31
