"""`data stats` counts right, and names topics, sources and themes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from trainer.cli import main
from trainer.dataset.stats import describe
from trainer.dataset.themes import themes_beside

PAIRS = [
    ("What is value?", "Value is labour. Labour makes value grow.", "Capital"),
    ("What is rent, then?", "Rent is a part of value. It is paid for land.", "Capital"),
    ("Who led the strike?", "Miners led the strike. The strike was won by miners!", "Letters"),
    ("Why did the strike end?", "The miners' strike ended in winter.", None),
]


def write(path: Path) -> Path:
    records = [{"instruction": q, "response": a, **({"source": s} if s else {})} for q, a, s in PAIRS]
    path.write_text("".join(json.dumps(record) + "\n" for record in records), "utf-8")
    return path


def card(folder: Path, last: int, pairs: int = 4) -> None:
    themes = [
        {"theme": "Political economy", "first_line": 1, "last_line": 2},
        {"theme": "Strikes", "first_line": 3, "last_line": last},
    ]
    written = yaml.safe_dump({"name": "x", "composition": {"pairs": pairs, "themes": themes}})
    (folder / "MODEL_CARD.yaml").write_text(written, "utf-8")


def test_lengths_are_counted(tmp_path: Path) -> None:
    statistics = describe(write(tmp_path / "a.jsonl"))
    assert statistics.counts["question, words"] == (3, 4, 4, 5)
    assert statistics.counts["answer, words"] == (7, 11, 10, 6)
    assert statistics.counts["answer, sentences"] == (2, 2, 2, 1)
    spread = statistics.lengths["answer, words"]
    assert (spread.minimum, spread.median, spread.mean, spread.maximum) == (6, 8.5, 8.5, 11)


def test_keywords_are_the_topics_and_not_the_words_of_asking(tmp_path: Path) -> None:
    terms = [word.term for word in describe(write(tmp_path / "a.jsonl"), keywords=3).keywords]
    assert set(terms) == {"value", "strike", "miners"}


def test_sources_are_counted_and_what_has_none_is_said(tmp_path: Path) -> None:
    statistics = describe(write(tmp_path / "a.jsonl"))
    assert statistics.origins == {"source": {"Capital": 2, "Letters": 1}}
    assert statistics.without_origin == 1


def test_themes_come_from_the_card_and_have_their_own_terms(tmp_path: Path) -> None:
    card(tmp_path, last=4)
    statistics = describe(write(tmp_path / "a.jsonl"))
    assert {name: count for name, (count, _) in statistics.themes.items()} == {
        "Political economy": 2,
        "Strikes": 2,
    }
    assert "value" in statistics.themes["Political economy"][1]
    assert "strike" in statistics.themes["Strikes"][1]


@pytest.mark.parametrize(
    ("last", "pairs", "note"),
    [(4, 5, "speaks of 5 records, and the file has 4"), (3, 4, "does not give every line one theme")],
)
def test_a_card_of_another_file_is_not_believed(tmp_path: Path, last: int, pairs: int, note: str) -> None:
    card(tmp_path, last, pairs)
    themes = themes_beside(tmp_path / "a.jsonl", 4)
    assert themes.names is None
    assert note in themes.note


def test_a_single_record_without_topics_is_no_failure(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"instruction": "What?", "response": "It is."}\n', "utf-8")
    assert describe(path).keywords == ()


def test_the_command_prints_tables_and_writes_json_and_plot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, figures, plot = write(tmp_path / "a.jsonl"), tmp_path / "b.json", tmp_path / "c.png"
    assert main(["data", "stats", str(path), "--json", str(figures), "--plot", str(plot)]) == 0
    said = capsys.readouterr().out
    assert "4 records of the curated schema" in said
    assert "1 of 4 records name no source" in said
    assert "no themes: no MODEL_CARD.yaml beside the file" in said
    written = json.loads(figures.read_text("utf-8"))
    assert written["lengths"]["question, words"]["maximum"] == 5
    assert plot.read_bytes().startswith(b"\x89PNG")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.jsonl", "b.json", "c.png"]


def test_the_projects_own_data_is_described(root: Path) -> None:
    statistics = describe(root / "training_data" / "grpo_dataset.jsonl")
    assert statistics.schema == "grpo"
    assert statistics.themes, statistics.themes_note
    assert {"marx", "lenin"} <= {word.term for word in statistics.keywords}
    assert sum(count for count, _ in statistics.themes.values()) == statistics.records
