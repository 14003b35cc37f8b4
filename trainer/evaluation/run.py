"""An evaluation from top to bottom: questions → answers → scores → report."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from shared.client import RewardClient
from shared.schema import ServerInfo
from trainer.evaluation.answers import Answer, AnswerFile, tasks_of
from trainer.evaluation.endpoints import OllamaSource, OpenAiSource
from trainer.evaluation.local import LocalSource
from trainer.evaluation.naming import Kind, Named
from trainer.evaluation.page import write_page
from trainer.evaluation.plan import Plan
from trainer.evaluation.questions import (
    NO_SYSTEM,
    Question,
    SystemPrompt,
    load_questions,
    read_system,
    seen_in,
)
from trainer.evaluation.report import Answered, Draws, make_report
from trainer.evaluation.scoring import Pair, Scored, Scorer
from trainer.evaluation.source import FileSource, ReferenceSource, Report, Source
from trainer.evaluation.tables import show
from trainer.runfolder import write_whole
from trainer.server import connect
from trainer.stopping import StopSignals
from trainer.summary import versions


def evaluate(plan: Plan, console: Console, stop: StopSignals) -> dict[str, Any]:
    """Generate, score, and write `answers-….jsonl`, `scores.jsonl`, `report.json` and `report.html`.

    Answers and scores that the output folder holds already, by the same settings, are used again.

    Args:
        plan: what to do.
        console: where progress and tables go.
        stop: entered by the caller.

    Returns:
        What `report.json` holds.

    Raises:
        SettingsError, DatasetError, PolicyUnavailable, IntegrityError, RewardClientError: what is wrong
            stands in the message; what was generated and scored until then stays.
        Stopped: a signal came; the same holds.
    """

    def report(text: str) -> None:
        console.print(escape(text), highlight=False, soft_wrap=True)

    system = _system_prompt(plan)
    questions = load_questions(plan.questions, system=system, limit=plan.limit, seed=plan.sampling.seed)
    report(f"{len(questions)} questions from {plan.questions}")
    server = connect(plan.rewards, report)  # before hours of generating: is there somebody to score it?
    plan.output_dir.mkdir(parents=True, exist_ok=True)
    answered = [_answer(named, questions, plan, console, report, stop) for named in plan.policies]
    scores = _score(questions, answered, plan, server.info, console)
    found = make_report(
        questions,
        answered,
        scores,
        plan.rewards.names,
        server.ranges,
        Draws(plan.resamples, plan.sampling.seed),
        _made(plan, questions, system, server.info),
    )
    write_whole(
        plan.output_dir / "report.json",
        json.dumps(found, indent=2, ensure_ascii=False, allow_nan=False) + "\n",
    )
    write_page(found, plan.output_dir / "report.html")
    show(found, console)
    return found


def _system_prompt(plan: Plan) -> SystemPrompt | None:
    """What all policies are asked with; None leaves each question its own."""
    if plan.system_prompt == NO_SYSTEM:
        return SystemPrompt(None, f"--system-prompt {NO_SYSTEM}")
    if plan.system_prompt is not None:
        return SystemPrompt(read_system(Path(plan.system_prompt)), plan.system_prompt)
    for named in plan.policies:
        if named.system_prompt is not None:  # the first that was trained with one of its own
            return SystemPrompt(named.system_prompt, f"the settings of {named.spelling}")
    return None


def _answer(
    named: Named,
    questions: Sequence[Question],
    plan: Plan,
    console: Console,
    report: Report,
    stop: StopSignals,
) -> Answered:
    sampling = plan.sampling
    if named.kind is Kind.REFERENCE:
        sampling = dataclasses.replace(sampling, samples=1)
    tasks = tasks_of(questions, named.identity, sampling)
    with AnswerFile(plan.output_dir / f"answers-{named.slug}.jsonl") as file:
        lacking = file.lacking(tasks)
        kept = len(tasks) - len(lacking)
        report(f"{named.spelling}: {len(lacking)} answers to generate" + (f", {kept} kept" if kept else ""))
        if lacking:
            with (
                _source(named, plan, report, stop) as source,
                _progress(console, named.spelling, len(tasks)) as advance,
            ):
                advance(kept)

                def keep(answers: Sequence[Answer]) -> None:
                    file.add(answers)
                    advance(len(tasks) - len(file.lacking(tasks)))

                source.generate(tasks, file.answers, keep)
        by_line: dict[int, list[Answer]] = {question.line: [] for question in questions}
        for task in tasks:
            by_line[task.question.line].append(file.answers[task.key])
    return Answered(named, list(by_line.values()))


def _source(named: Named, plan: Plan, report: Report, stop: StopSignals) -> Source:
    match named.kind:
        case Kind.REFERENCE:
            return ReferenceSource()
        case Kind.FILE:
            return FileSource(Path(named.name), plan.sampling.samples)
        case Kind.LOCAL:
            return LocalSource(named, plan.sampling, plan.batch_size, report)
    endpoint = OllamaSource if named.kind is Kind.OLLAMA else OpenAiSource
    return endpoint(
        named,
        plan.sampling,
        concurrency=plan.concurrency,
        patience_s=plan.patience_s,
        timeout_s=plan.timeout_s,
        report=report,
        stop=stop,
        api_key=os.environ.get("OPENAI_API_KEY") if named.kind is Kind.OPENAI else None,
    )


def _score(
    questions: Sequence[Question],
    answered: Sequence[Answered],
    plan: Plan,
    server: ServerInfo,
    console: Console,
) -> Mapping[str, Scored]:
    pairs = [
        Pair(question, answer)
        for policy in answered
        for question, answers in zip(questions, policy.answers, strict=True)
        for answer in answers
    ]
    total = len({pair.item for pair in pairs})
    with (
        RewardClient(
            plan.rewards.url,
            api_key=plan.rewards.key,
            patience_s=plan.rewards.patience_s,
            deadline_s=plan.rewards.deadline_s,
        ) as client,
        _progress(console, "scoring", total) as advance,
    ):
        scorer = Scorer(
            client,
            plan.rewards.names,
            fingerprint=server.fingerprint,
            longest=server.limits.max_text_chars,
            path=plan.output_dir / "scores.jsonl",
        )
        return scorer.score(pairs, advance)


@contextmanager
def _progress(console: Console, label: str, total: int) -> Iterator[Any]:
    """A bar; what it yields is told how much is done.  Without a terminal, a line at each tenth."""
    shown = console.is_terminal
    bar = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=console,
        transient=True,
        disable=not shown,
    )
    with bar:
        task = bar.add_task(label, total=total)
        said = 0

        def advance(done: int) -> None:
            nonlocal said
            bar.update(task, completed=done)
            if not shown and 10 * done // max(total, 1) > said:
                said = 10 * done // max(total, 1)
                console.print(f"{label}: {done} of {total}", markup=False, highlight=False, soft_wrap=True)

        yield advance


def _made(
    plan: Plan, questions: Sequence[Question], system: SystemPrompt | None, server: ServerInfo
) -> dict[str, Any]:
    prompts = {each["content"] for q in questions for each in q.messages if each["role"] == "system"}
    return {
        "date": datetime.now(UTC).isoformat(timespec="seconds"),
        "command": plan.command,
        "questions": str(plan.questions),
        "limit": plan.limit,
        "system_prompt": sorted(prompts),
        "system_prompt_from": system.origin if system else "the data set",
        "sampling": dataclasses.asdict(plan.sampling),
        "resamples": plan.resamples,
        "reward_url": plan.rewards.url,
        "server": server.model_dump(mode="json"),
        "fingerprint": server.fingerprint,
        "trained_on": [
            {
                "policy": named.spelling,
                "file": str(named.trained_on),
                "seen": seen_in(named.trained_on, questions),
            }
            for named in plan.policies
            if named.trained_on is not None
        ],
        "versions": dict(versions()),
    }
