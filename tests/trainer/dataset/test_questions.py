"""`data questions` takes the best template that a chunk allows, and names authors right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trainer.cli import main
from trainer.dataset.authors import Authors
from trainer.dataset.chunks import clean_link, clean_section, load_wording
from trainer.dataset.load import DatasetError
from trainer.dataset.questions import ask

AUTHORS = Authors.load()
WORDING = load_wording()


def chunk(**fields: Any) -> dict[str, Any]:
    return {
        "text": "The state arises where classes can't be reconciled.",
        "article_title": "Library Vladimir Lenin The State and Revolution",
        "section": "The Withering Away of the State",
        "internal_links": ["Dictatorship of the proletariat"],
        "categories": ["State theory"],
        **fields,
    }


def write(path: Path, *chunks: dict[str, Any]) -> Path:
    path.write_text("".join(json.dumps(values, ensure_ascii=False) + "\n" for values in chunks), "utf-8")
    return path


@pytest.mark.parametrize(
    ("fields", "template", "question"),
    [
        ({}, "section", "What does Vladimir Lenin say about the Withering Away of the State?"),
        ({"section": ""}, "link", "Explain Dictatorship of the proletariat from a Marxist perspective."),
        ({"section": None, "internal_links": []}, "category", "Discuss State theory in Marxist theory."),
        (
            {"section": None, "internal_links": None, "categories": None},
            "passage",
            "What does Vladimir Lenin teach us in this passage?",
        ),
        (
            {"section": "Introduction"},
            "link",
            "Explain Dictatorship of the proletariat from a Marxist perspective.",
        ),
        (
            {"section": "Notes", "internal_links": ["File:Map.png", "[[Commune_(Paris)|the Commune]]"]},
            "link",
            "Explain Commune from a Marxist perspective.",
        ),
        (
            {
                "section": None,
                "internal_links": [],
                "categories": ["Category:Library works by Lenin", "Category:The State"],
            },
            "category",
            "Discuss the State in Marxist theory.",
        ),
        (
            {"article_title": "Paris Commune", "internal_links": []},
            "category",
            "Discuss State theory in Marxist theory.",
        ),
        (
            {"article_title": "Paris Commune", "internal_links": [], "categories": []},
            "passage_of_work",
            "What does “Paris Commune” teach us in this passage?",
        ),
        (
            {
                "article_title": "Library Karl Marx and Friedrich Engels Manifesto",
                "section": "II. Proletarians",
            },
            "section",
            "What do Karl Marx and Friedrich Engels say about Proletarians?",
        ),
    ],
)
def test_the_first_template_whose_parts_are_known_is_used(
    tmp_path: Path, fields: dict[str, Any], template: str, question: str
) -> None:
    asked = ask(write(tmp_path / "a.jsonl", chunk(**fields)), AUTHORS, WORDING)
    assert [(made.template, made.instruction) for made in asked.questions] == [(template, question)]


@pytest.mark.parametrize(
    ("title", "author", "work", "guessed"),
    [
        ("Library Karl Marx Capital Vol. I", "Karl Marx", "Capital Vol. I", False),
        ("Library Lenin What Is to Be Done?", "Vladimir Lenin", "What Is to Be Done?", False),
        ("library: V.I. Lenin – Imperialism", "Vladimir Lenin", "Imperialism", False),
        ("Library V. I. Lenin Imperialism", "Vladimir Lenin", "Imperialism", False),
        ("Library:Mao_Tse-tung/On_Practice", "Mao Zedong", "On Practice", False),
        ("Library — Jose Carlos Mariategui Seven Essays", "José Carlos Mariátegui", "Seven Essays", False),
        (
            "Library Marx and Engels The German Ideology",
            "Karl Marx and Friedrich Engels",
            "The German Ideology",
            False,
        ),
        ("Library W.E.B. Du Bois Black Reconstruction", "W. E. B. Du Bois", "Black Reconstruction", False),
        ("Library Kim Il-sung On Juche", "Kim Il-sung", "On Juche", False),
        ("Karl Marx Capital", "Karl Marx", "Capital", False),
        ("Library Domitila Chungara Let Me Speak", "Domitila Chungara", "Let Me Speak", True),
        ("Library Ana M. de Souza Land and Bread", "Ana M. de Souza", "Land and Bread", True),
        ("Library The Little Red Songbook", None, "The Little Red Songbook", False),
        ("Library", None, "Library", False),
        ("Commodity fetishism", None, "Commodity fetishism", False),
        ("Librarians of the World", None, "Librarians of the World", False),
    ],
)
def test_authors_are_read_from_titles(title: str, author: str | None, work: str, guessed: bool) -> None:
    titled = AUTHORS.parse(title)
    assert (titled.author, titled.work, titled.guessed) == (author, work, guessed)


@pytest.mark.parametrize(
    ("section", "cleaned"),
    [
        ("Chapter 6: The Buying and Selling of Labour-Power", "the Buying and Selling of Labour-Power"),
        ("== I. Bourgeois and Proletarians ==", "Bourgeois and Proletarians"),
        ("1.2 Money", "Money"),
        ("§ 3. Rent", "Rent"),
        ("Chapter One. Commodities", "Commodities"),
        ("1917 and after", "1917 and after"),
        ("U.S. imperialism", "U.S. imperialism"),
        ("V. I. Lenin", "V. I. Lenin"),
        ("Civil", "Civil"),
        ("Civil War in France", "Civil War in France"),
        ("Mild measures", "Mild measures"),
        ("A Great Beginning", "a Great Beginning"),
        ("No Compromises?", "“No Compromises?”"),
        ("Chapter IV", None),
        ("XII", None),
        ("3.", None),
        ("SEE ALSO", None),
        ("Translator’s note", None),
        ("", None),
    ],
)
def test_sections_lose_their_numbers_and_generic_ones_count_as_none(
    section: str, cleaned: str | None
) -> None:
    assert clean_section(section, WORDING) == cleaned


@pytest.mark.parametrize(
    ("link", "cleaned"),
    [
        ("[[Value (economics)#Use|use]]", "Value"),
        ("https://example.org", None),
        (":Category:Books", None),
        ("#top", None),
    ],
)
def test_links_name_concepts_or_nothing(link: str, cleaned: str | None) -> None:
    assert clean_link(link, WORDING) == cleaned


def test_equal_questions_are_asked_once_but_passages_each(tmp_path: Path) -> None:
    bare: dict[str, Any] = {"section": None, "internal_links": [], "categories": []}
    path = write(
        tmp_path / "a.jsonl",
        chunk(),
        chunk(text="Another passage of that section."),
        chunk(**bare),
        chunk(text="Another passage.", **bare),
        chunk(text="Another  passage", **bare),
    )
    asked = ask(path, AUTHORS, WORDING)
    assert [question.line for question in asked.questions] == [1, 3, 4]
    assert (asked.chunks, asked.equal) == (5, 2)


def test_the_limit_draws_the_same_with_the_same_seed(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", *(chunk(section=f"Topic number {word}") for word in "abcdefghij"))
    first, again, other = (ask(path, AUTHORS, WORDING, limit=4, seed=seed) for seed in (1, 1, 2))
    assert first == again != other
    lines = [question.line for question in first.questions]
    assert len(lines) == 4
    assert lines == sorted(lines)
    assert first.left_out == 6
    with pytest.raises(DatasetError, match="limit 0"):
        ask(path, AUTHORS, WORDING, limit=0)


@pytest.mark.parametrize(
    ("fields", "complaint"),
    [
        ({"text": " "}, "line 2: field text: is empty"),
        ({"article_title": None}, "line 2: field article_title: Input should be a valid string"),
        ({"internal_links": ["a", 3]}, "line 2: field internal_links.1: Input should be a valid string"),
        ({"categories": "State"}, "line 2: field categories: Input should be a valid list"),
    ],
)
def test_a_bad_chunk_is_named(tmp_path: Path, fields: dict[str, Any], complaint: str) -> None:
    path = write(tmp_path / "a.jsonl", chunk(extra="is passed over"), chunk(**fields))
    with pytest.raises(DatasetError, match=complaint):
        ask(path, AUTHORS, WORDING)


@pytest.mark.parametrize(
    ("written", "complaint"),
    [
        ("templates: []", "field templates: List should have at least 1 item"),
        ("templates: [{name: a, question: 'On {topic}?', about: topic}]", "{topic} is unknown"),
        ("templates: [{name: a, question: 'On {title.x}?', about: topic}]", "{title.x} is unknown"),
        ("templates: [{name: a, question: 'Why?', about: life}]", "field templates.0.about"),
        ("[", "can't be read as YAML"),
    ],
)
def test_bad_templates_are_named(tmp_path: Path, written: str, complaint: str) -> None:
    path = tmp_path / "t.yaml"
    path.write_text(written, "utf-8")
    with pytest.raises(DatasetError) as error:
        load_wording(path)
    assert complaint in str(error.value)
    assert str(path) in str(error.value)


def test_a_chunk_that_no_template_fits_is_an_error(tmp_path: Path) -> None:
    templates = tmp_path / "t.yaml"
    templates.write_text("templates: [{name: a, question: 'On {section}?', about: topic}]", "utf-8")
    path = write(tmp_path / "a.jsonl", chunk(section=None))
    with pytest.raises(DatasetError, match="line 1: no template fits"):
        ask(path, AUTHORS, load_wording(templates))


def test_the_command_writes_questions_that_the_other_tools_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(
        tmp_path / "a.jsonl",
        chunk(),
        chunk(),
        chunk(article_title="Library Domitila Chungara Let Me Speak", section="The Tin Mines"),
    )
    out = tmp_path / "q.jsonl"
    assert main(["data", "questions", str(path), "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "1 of 3 chunks gave a question that had been asked already" in said
    assert "authors guessed, since the list does not have them: Domitila Chungara (1)" in said
    first = json.loads(out.read_text("utf-8").splitlines()[0])
    assert first["text"] == chunk()["text"]
    assert (first["author"], first["author_guessed"], first["line"]) == ("Vladimir Lenin", False, 1)
    assert main(["data", "validate", str(out), "--no-embeddings"]) == 0
    assert (
        "2 good records of the questions schema in 2 lines, 0 errors, 0 warnings" in capsys.readouterr().out
    )


def test_an_own_list_of_authors_replaces_ours(tmp_path: Path) -> None:
    names = tmp_path / "authors.yaml"
    names.write_text("- Ada Lovelace\n- [Charles Babbage, Babbage]\n", "utf-8")
    assert Authors.load(names).parse("Library Babbage On Machinery").author == "Charles Babbage"
    names.write_text("- {Ada: Lovelace}\n", "utf-8")
    with pytest.raises(DatasetError, match="entry 1: must be a name"):
        Authors.load(names)
