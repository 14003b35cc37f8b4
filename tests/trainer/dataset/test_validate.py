"""`data validate` finds everything at once, says where it is, and raises few false alarms."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from trainer.cli import main
from trainer.dataset.findings import Report
from trainer.dataset.validate import Bounds, Rules, validate

ANSWER = (
    "Surplus-value is what the living labour of a working day adds beyond the value of the labour-power that "
    "was bought for it. It is the source of profit, of interest and of rent."
)
OTHER = (
    "Lenin called imperialism a stage of capitalism in which monopolies have grown out of competition, banks "
    "have merged with industry, and the export of capital outweighs that of goods."
)


def write(path: Path, records: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records), "utf-8")
    return path


def pair(instruction: str = "What is surplus-value?", response: str = ANSWER) -> dict[str, Any]:
    return {"instruction": instruction, "response": response}


def check(path: Path, rules: Rules | None = None) -> Report:
    """Without embeddings, which have tests of their own."""
    return validate(path, rules or Rules(), embedder=None)


def found(report: Report) -> list[tuple[int | None, str | None, str, str]]:
    return [(finding.line, finding.field, finding.severity, finding.check) for finding in report.findings]


def test_good_pairs_have_no_findings(tmp_path: Path) -> None:
    report = check(write(tmp_path / "a.jsonl", [pair(), pair("What is imperialism?", OTHER)]))
    assert report.findings == ()
    assert (report.schema, report.lines, report.good) == ("curated", 2, 2)
    assert report.near_duplicates == "not looked for, as was asked"


def test_every_bad_line_and_field_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    lines = [
        json.dumps(pair()).encode(),
        b'{"instruction": 3, "respnse": "a"}',
        b'{"instruction": "caf\xe9", "response": "a"}',
        b"",
    ]
    path.write_bytes(b"\n".join(lines) + b"\n")
    report = check(path)
    assert [(f.line, f.field, f.message) for f in report.findings] == [
        (2, "instruction", "Input should be a valid string"),
        (2, "response", "is missing"),
        (2, "respnse", "is unknown"),
        (3, None, "byte 21 is not UTF-8"),
        (4, None, "is blank; every line holds one record"),
    ]
    assert (report.good, report.count("error")) == (1, 5)


def test_the_files_bytes_are_checked(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    line = json.dumps(pair())
    path.write_bytes(b"\xef\xbb\xbf" + f"{line}\r\n{json.dumps(pair('What is it?', OTHER))}".encode())
    assert found(check(path)) == [
        (1, None, "error", "encoding"),
        (1, None, "warning", "line ends"),
        (2, None, "warning", "line ends"),
    ]
    path.write_text(line, "utf-16")
    assert [str(finding) for finding in check(path).findings] == [
        "line 1: the file is UTF-16; it must be plain UTF-8"
    ]


@pytest.mark.parametrize(
    ("answer", "severity", "name"),
    [
        (f"As an AI language model, I hold no opinion. {ANSWER}", "warning", "refusal"),
        (f"I’m sorry, but I can’t answer that. {ANSWER}", "warning", "refusal"),
        (f"{ANSWER} TODO: add the source.", "warning", "placeholder"),
        ("N/A", "error", "empty answer"),
        ("TODO", "error", "empty answer"),
        ("What is surplus-value?", "error", "empty answer"),
        (f"What is surplus-value? {ANSWER}", "warning", "echo"),
        (ANSWER.removesuffix(" and of rent."), "warning", "broken off"),
        (f"{ANSWER} And yet…", "warning", "broken off"),
        (f"{ANSWER} {ANSWER}", "warning", "repetition"),
        (f"The rate rate rate falls. {ANSWER}", "warning", "repetition"),
        ("Value value it is, value is it. " * 25, "warning", "repetition"),
        (f"{ANSWER} See https://example.org/capital.", "warning", "URL"),
        (f"{ANSWER} See [[Surplus value|there]].", "warning", "markup"),
        (f"{ANSWER} It grows.<ref>Capital</ref>", "warning", "markup"),
        (f"{ANSWER} It grows.[12]", "warning", "markup"),
        (f"{ANSWER} It **grows**.", "warning", "markup"),
        (f"{ANSWER} Rent &amp; interest.", "warning", "markup"),
        (f"<think>Well.</think> {ANSWER}", "warning", "markup"),
        (f"{ANSWER}<|im_end|>.", "error", "chat marks"),
        (f"{ANSWER} So says Mari\u00c3\u00a1tegui.", "warning", "encoding"),
        (f"{ANSWER} That\u00e2\u20ac\u2122s it.", "warning", "encoding"),
        (f"{ANSWER} The \ufffdtat.", "error", "encoding"),
        (f"{ANSWER} Zero\u200bwidth.", "warning", "characters"),
        (f"{ANSWER} A \x07 bell.", "warning", "characters"),
        (f"{ANSWER} It is n\u043et so.", "warning", "characters"),  # with a Cyrillic о
        (f"{ANSWER} Cafe\u0301.", "warning", "characters"),  # not NFC
        (f"{ANSWER} ", "warning", "white space"),
        ("Labour.", "warning", "length"),
    ],
)
def test_a_suspicious_answer_is_found(tmp_path: Path, answer: str, severity: str, name: str) -> None:
    report = check(write(tmp_path / "a.jsonl", [pair(response=answer)]))
    assert (1, "response", severity, name) in found(report)


@pytest.mark.parametrize(
    "answer",
    [
        f"{ANSWER} Lenin asked: 'What is to be done?'",
        f"{ANSWER} “He left.” (So V. I. Lenin wrote in vol. 3.)",
        f"{ANSWER} Trường Chinh, Mariátegui, Lukács and “Étienne Balibar” agree—mostly.",
        f"{ANSWER} The sign dΨ, and Маркс in Russian, mean no harm.",
        f"{ANSWER} It has (1) a cause, (2) an effect, and 3 < 5.",
        f"{ANSWER} Quote: '... and so on ... to the end.'",
        f"{ANSWER} Humans can have X, XXX or XXY chromosomes.",
    ],
)
def test_honest_prose_raises_no_alarm(tmp_path: Path, answer: str) -> None:
    assert found(check(write(tmp_path / "a.jsonl", [pair(response=answer)]))) == []


def test_equal_texts_are_found_whatever_their_case_and_punctuation(tmp_path: Path) -> None:
    records = [pair(), pair("what is surplus value"), pair("What is it?", ANSWER), pair(response=OTHER)]
    report = check(write(tmp_path / "a.jsonl", records))
    by_line = [(f.line, f.severity, f.message) for f in report.findings if f.check == "duplicate"]
    assert by_line == [
        (2, "error", "the record stands in line 1 already"),
        (3, "warning", "the same answer stands in line 1"),
        (4, "warning", "the same question stands in line 1"),
    ]


def test_a_sentence_shared_by_two_answers_is_found(tmp_path: Path) -> None:
    shared = "The rate of profit falls as machines displace the living labour that alone creates value."
    records = [pair(response=f"{ANSWER} {shared}"), pair("What is imperialism?", f"{OTHER} {shared}")]
    report = check(write(tmp_path / "a.jsonl", records))
    assert found(report) == [(2, "response", "warning", "repetition")]
    assert "line 1" in report.findings[0].message


def test_an_answer_of_quite_another_length_is_an_outlier(tmp_path: Path) -> None:
    records = [pair(f"What is number {n}?", f"Number {n} is {'very ' * 3} plain.") for n in range(30)]
    records[7]["response"] = "Number 7 is " + " ".join(f"word{n}" for n in range(200)) + "."
    report = check(write(tmp_path / "a.jsonl", records), Rules(answer_words=Bounds(1, 600)))
    assert (8, "response", "warning", "outlier") in found(report)
    assert sum(finding.check == "outlier" for finding in report.findings) == 1


def test_texts_of_nearly_one_length_make_no_outlier_of_a_longer_one(tmp_path: Path) -> None:
    records = [pair(f"What is number {n}?", f"Number {n} is {'very ' * 3} plain.") for n in range(30)]
    records[7]["response"] = "Number 7 is only a little longer than the others are."
    report = check(write(tmp_path / "a.jsonl", records), Rules(answer_words=Bounds(1, 600)))
    assert not [finding for finding in report.findings if finding.check == "outlier"]


def test_grpo_and_qwen_records_are_checked_too(tmp_path: Path) -> None:
    prompt = [{"role": "system", "content": "Teach."}, {"role": "user", "content": "What is TODO, please?"}]
    grpo = check(write(tmp_path / "g.jsonl", [{"prompt": prompt, "reference": ANSWER}]))
    assert (grpo.schema, found(grpo)) == ("grpo", [(1, "prompt.1.content", "warning", "placeholder")])
    chat = "<|im_start|>user\nWhat is it?<|im_end|>\n<|im_start|>assistant\nN/A<|im_end|>\n"
    qwen = check(write(tmp_path / "q.jsonl", [{"text": chat}]))
    assert qwen.schema == "qwen"
    assert (1, "text (assistant)", "error", "empty answer") in found(qwen)
    cut = check(write(tmp_path / "c.jsonl", [{"text": chat.removesuffix("<|im_end|>\n")}]))
    assert [str(f) for f in cut.findings] == ["line 1: field text: message 2 has no <|im_end|>"]


def test_the_command_prints_counts_writes_json_and_fails_where_it_should(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = write(tmp_path / "a.jsonl", [pair(response=f"{ANSWER} See www.example.org.")])
    arguments = ["data", "validate", str(path), "--no-embeddings"]
    assert main([*arguments, "--json", str(tmp_path / "out.json")]) == 0
    said = capsys.readouterr().out
    assert f"warning {path}, line 1: field response: holds a URL" in said
    assert "1 good records of the curated schema in 1 lines, 0 errors, 1 warnings" in said
    assert "near-duplicates: not looked for" in said
    written = json.loads((tmp_path / "out.json").read_text("utf-8"))
    assert (written["errors"], written["warnings"], written["good"]) == (0, 1, 1)
    assert written["findings"][0]["check"] == "URL"
    assert main([*arguments, "--strict"]) == 1
    assert main([*arguments, "--schema", "grpo"]) == 1


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--answer-words", "9-12", "LOW:HIGH"),
        ("--answer-words", "9:2", "LOW:HIGH"),
        ("--near", "1.5", "cosine"),
    ],
)
def test_a_bad_option_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], option: str, value: str, complaint: str
) -> None:
    assert main(["data", "validate", str(write(tmp_path / "a.jsonl", [pair()])), option, value]) == 1
    said = capsys.readouterr().out
    assert option in said
    assert complaint in said


def test_the_projects_own_data_is_clean(root: Path) -> None:
    for name in ("curated_qa.jsonl", "grpo_dataset.jsonl", "formatted/train_qwen.jsonl"):
        report = check(root / "training_data" / name)
        assert [str(finding) for finding in report.findings if finding.severity == "error"] == []
        assert report.good == report.lines > 60


def test_real_pairs_raise_few_alarms(development_data: Path) -> None:
    report = check(development_data / "curated_qa_dev.jsonl")
    assert (report.good, report.count("error")) == (584, 0)
    lines = {finding.line for finding in report.findings}
    assert {213, 549, 550} <= lines, "a repeated question, and two with the tag of a reference"
    assert len(lines) <= 12
