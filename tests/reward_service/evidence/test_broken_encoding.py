"""Where characters are broken, and where they are meant."""

from __future__ import annotations

import random

import pytest

from reward_service.evidence.broken_encoding import Kind, broken_places
from tests.support.timing import quickest

WELL = "The café’s owner – a “friend” of Müller’s – paid 5 € for Żółć, “Čapek” and the façade… × 2 → μ ≥ 3."


def kinds(text: str) -> list[Kind]:
    return [place.kind for place in broken_places(text)]


def found(text: str) -> list[str]:
    return [text[place.start : place.end] for place in broken_places(text)]


@pytest.mark.parametrize("codec", ["cp1252", "latin-1"])
@pytest.mark.parametrize(
    "char", ["’", "“", "”", "–", "…", "é", "ü", "à", "ñ", "£", "§", "«", "€", "→", "≥", "μ", "ł", "š", "ж"]
)
def test_misread_bytes(codec: str, char: str) -> None:
    broken = char.encode().decode(codec, "replace")
    text = f"The owner{broken}s friend paid {broken} for it."

    assert kinds(text) == [Kind.MOJIBAKE] * 2
    assert len(found(text)[0]) >= 2


def test_every_place_is_counted_once() -> None:
    broken = WELL.encode().decode("cp1252", "replace")

    assert set(kinds(broken)) == {Kind.MOJIBAKE}
    assert len(kinds(broken)) >= 15


def test_a_misread_emoji_and_byte_order_mark() -> None:
    assert kinds("✊ 🚩".encode().decode("cp1252", "replace")) == [Kind.MOJIBAKE] * 2
    assert kinds("\ufeffRent.".encode().decode("cp1252")) == [Kind.MOJIBAKE]


@pytest.mark.parametrize(
    ("text", "kind", "places"),
    [
        ("The owner\ufffds friend", Kind.REPLACED, ["\ufffd"]),
        ("The owner?s friend doesn?t pay", Kind.REPLACED, ["?", "?"]),
        (r"The owner\u2019s caf\u00e9", Kind.ESCAPE, [r"\u2019", r"\u00e9"]),
        (r"It is done.\n\nThe owner pays.", Kind.ESCAPE, [r"\n\n"]),
        (
            "The owner&#8217;s R&amp;D &amp;nbsp; caf&eacute;",
            Kind.ESCAPE,
            ["&#8217;", "&amp;", "&amp;nbsp;", "&eacute;"],
        ),
        ("The owner pays.<|im_end|>", Kind.TOKEN, ["<|im_end|>"]),
        ("The owner pays.</s><s>[INST] And", Kind.TOKEN, ["</s>", "<s>", "[INST]"]),
        ("The owner pays.<｜end▁of▁sentence｜>", Kind.TOKEN, ["<｜end▁of▁sentence｜>"]),
        ("The owner<0x0A>pays", Kind.TOKEN, ["<0x0A>"]),
        ("TheĠownerĠpays", Kind.TOKEN, ["Ġ", "Ġ"]),
        ("▁The▁owner▁pays", Kind.TOKEN, ["▁", "▁", "▁"]),
        ("The owner\x00pays\x1b[0m", Kind.CONTROL, ["\x00", "\x1b"]),
        ("The owner\ud83d pays", Kind.CONTROL, ["\ud83d"]),
        ("The owner的 field is let", Kind.SCRIPT, ["的"]),
        ("The owner 因此 draws rent", Kind.SCRIPT, ["因此"]),
        ("The owner это draws rent", Kind.SCRIPT, ["это"]),
    ],
)
def test_broken(text: str, kind: Kind, places: list[str]) -> None:
    assert set(kinds(text)) == {kind}
    assert found(text) == places


@pytest.mark.parametrize(
    "text",
    [
        WELL,
        "",
        "IRMÃ” NÃO CAFÉ… «CITÉ» “ÎLE” ÄÖÜ„ Ñ»",
        "Il a dit « cité » et « café »… L’été\u00a0! “é”…",
        "The Âge d’or, Ângela and São Paulo; Ålesund, Łódź, İzmir, Ġgantija and Ċirkewwa.",
        "R&D at AT&T; Marx & Engels; a < b > c; x&y;",
        "Write `\\u00e9`, `&nbsp;` or `</s>` in the file.",
        "```\nprint('\\n\\u00e9 <|im_end|>')\n```",
        r"The rate is \nu = \frac{s}{v} \times \rho, see C:\new\reports.",
        "Why? See https://example.org/watch?v=1&s=2&lang=en",
        "The term 矛盾 is rendered as contradiction. Mao’s essay (矛盾论) is known. “实践论” came first.",
        "His journal was called Правда in those days, and the slogan was земля и воля.",
        "The members were\n- Иван Петров\n- Анна Смирнова",
        "矛盾 means contradiction.",
        "议会在三月开会。<b>它</b>提高了土地税。",
        "Совет собрался в марте.",
        "The Greek word λόγος and the angle α; praxis πρᾶξις.",
        "Growth ▁▂▃▅▇ since 1990; name: ▁▁▁▁▁",
        "Tabs\tand\nlines\r\nand\fpages.",
        "👩‍👩‍👧 ✊🏽 🇨🇺 soft\u00adhyphen zero\u200bwidth",
        "C# ## and issue ##12",
    ],
)
def test_meant(text: str) -> None:
    assert broken_places(text) == []


def test_places_are_in_order_and_never_overlap() -> None:
    rng = random.Random(2)
    pieces = ["â€™", "\ufffd", "\\u00e9", "&amp;", "<|x|>", "\x00", "的", "Ã©", "Ġ", " word ", "`", "Â"]
    for _ in range(200):
        text = "".join(rng.choices(pieces, k=40))
        places = broken_places(text)
        ends = [0, *(place.end for place in places)]

        assert all(end <= place.start < place.end for end, place in zip(ends, places, strict=False))


@pytest.mark.parametrize(
    "piece", ["â€", "&amp;", "\\n", "<|a", "`", "```", "的 ", "a的", "\x00", "Ġ", "Ð", "的, "]
)
def test_forty_thousand_characters_take_no_time(piece: str) -> None:
    texts = ((piece * 40_000)[:40_000], (piece * 10_000)[:10_000] + "rent " * 6_000)
    assert quickest(lambda: [broken_places(text) for text in texts]) < 1
