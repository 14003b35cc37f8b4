"""Real GRPO runs of a tiny policy, in a process of their own, with rewards from a real server process."""

from __future__ import annotations

import json
import shlex
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.fake_server import FakeServer
from tests.trainer.run_process import KEY, Run, summary, weights
from tests.trainer.tiny import save_tiny_policy

STEPS = 3
REWARDS = ["full_coherence_smooth_reward", "terminology_reward", "match_format_exactly"]


@pytest.fixture(scope="module")
def server() -> Iterator[FakeServer]:
    with FakeServer(api_key=KEY) as server:
        yield server


@pytest.fixture(scope="module")
def common(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The arguments of every run: a tiny policy, small batches, little patience."""
    folder = tmp_path_factory.mktemp("common")
    questions = ("What is value?", "What is the state?", "Who rules the workers?", "What is capital?")
    data = folder / "data.jsonl"
    with data.open("w", encoding="utf-8") as file:
        for question in questions:
            prompt = [{"role": "system", "content": "explains"}, {"role": "user", "content": question}]
            reference = "Capital exploits labour, and the state rules the workers."
            file.write(json.dumps({"prompt": prompt, "reference": reference}) + "\n")
    settings = {
        "run.steps": STEPS,
        "run.save_every": 10,
        "run.report_to": "none",
        "policy.model": save_tiny_policy(folder / "policy"),
        "data.file": data,
        "data.system_prompt": "null",
        "rewards.names": json.dumps(REWARDS),
        "rewards.patience_s": 2,
        "rewards.startup_patience_s": 60,
        "generation.max_completion_tokens": 40,
        "optimization.learning_rate": 0.01,
    }
    return ["train", *(word for key, value in settings.items() for word in ("--set", f"{key}={value}"))]


def arguments(common: list[str], server: FakeServer, folder: Path, *more: str) -> list[str]:
    return [*common, "--reward-url", server.url, "--output-dir", str(folder), *more]


def requests(server: FakeServer) -> int:
    """How many batches the server has scored, by its own count."""
    text = httpx.get(
        f"{server.url}/metrics", headers={"Authorization": f"Bearer {KEY}"}, trust_env=False
    ).text
    counts = [
        line
        for line in text.splitlines()
        if line.startswith("touchstone_requests_total") and "/score" in line
    ]
    return int(sum(float(line.split()[-1]) for line in counts))


@pytest.fixture(scope="module")
def undisturbed(common: list[str], server: FakeServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that nothing happened to."""
    folder = tmp_path_factory.mktemp("undisturbed") / "run"
    before = requests(server)
    with Run(arguments(common, server, folder)) as run:
        assert run.end() == 0, run.output
    assert f"step {STEPS} of {STEPS}" in run.output
    assert "Rewards by step and part" in run.output
    assert requests(server) - before == STEPS, "one request for each batch, whatever the number of rewards"
    return folder


def assert_same_result(folder: Path, undisturbed: Path) -> None:
    """What happened in between left no trace in the weights, and every step is told once."""
    told = [json.loads(line)["step"] for line in (folder / "metrics.jsonl").read_text().splitlines()]
    assert told == list(range(1, STEPS + 1))
    expected, found = weights(undisturbed), weights(folder)
    assert expected.keys() == found.keys()
    for name, value in expected.items():
        assert (value == found[name]).all(), name


def test_a_run_saves_adapter_and_summary(undisturbed: Path) -> None:
    found = summary(undisturbed)
    assert (found["status"], found["steps"], found["requests"]) == ("complete", STEPS, STEPS)
    assert len(found["fingerprints"]) == 1
    assert found["fingerprints"] == [found["server"]["fingerprint"]]
    assert list(found["by_step"][0]["rewards"]) == REWARDS
    assert "topic_relevance_reward" in found["by_step"][0]["parts"]
    assert found["by_step"][0]["rewards"]["terminology_reward"]["std"] > 0
    assert found["zero_spread"]["match_format_exactly"] == 1.0  # random words hold no tags
    assert {"loss", "kl", "completions/mean_length"} <= found["by_step"][0]["trainer"].keys()
    assert Path(found["adapter"]) == undisturbed / "adapter"

    trained = {name.split(".")[-3] for name in weights(undisturbed)}
    assert trained == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}
    assert any((value != 0).any() for name, value in weights(undisturbed).items() if "lora_B" in name)


def test_the_key_is_written_nowhere(undisturbed: Path) -> None:
    for path in undisturbed.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes(), path


def test_a_server_that_dies_and_comes_back_disturbs_nothing(
    common: list[str], server: FakeServer, undisturbed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with Run(arguments(common, server, folder, "--set", "rewards.patience_s=60")) as run:
        run.until("step 1 of")
        server.kill()
        try:
            run.until("asking again")
        finally:
            server.start()
        assert run.end() == 0, run.output
    assert_same_result(folder, undisturbed)


def test_a_server_that_stays_away_leaves_a_checkpoint_to_resume_from(
    common: list[str], server: FakeServer, undisturbed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    with Run(arguments(common, server, folder)) as run:
        run.until("step 1 of")
        server.kill()
        try:
            status = run.end()
        finally:
            server.start()  # the other tests need it, whatever happened
    assert status == 3, run.output
    step = len((folder / "metrics.jsonl").read_text().splitlines())
    assert 1 <= step < STEPS
    saved = folder / f"checkpoint-{step}"
    assert {"adapter_model.safetensors", "optimizer.pt", "rng_state.pth", "trainer_state.json"} <= {
        path.name for path in saved.iterdir()
    }
    assert f"the state is saved in {saved}" in run.output
    assert summary(folder)["status"] == "stopped"

    command = shlex.split(run.output.split("Continue with:")[1].strip())
    assert command[:3] == ["python", "-m", "trainer"]
    with Run(command[3:]) as resumed:
        assert resumed.end() == 0, resumed.output
    assert_same_result(folder, undisturbed)
    assert summary(folder)["status"] == "complete"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_a_checkpoint(
    common: list[str], server: FakeServer, tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "run"
    with Run(arguments(common, server, folder, "--set", "run.steps=1000")) as run:
        run.until("step 1 of")
        run.signal(number)
        assert run.end() == 3, run.output
    assert f"stopped by {number.name}" in run.output
    step = len((folder / "metrics.jsonl").read_text().splitlines())
    assert (folder / f"checkpoint-{step}" / "trainer_state.json").exists(), run.output
    assert "--resume" in run.output


def test_a_kill_in_the_middle_is_resumed_from_the_last_whole_checkpoint(
    common: list[str], server: FakeServer, undisturbed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    given = arguments(common, server, folder, "--set", "run.save_every=1")
    with Run(given) as run:
        run.until("step 2 of")
        run.signal(signal.SIGKILL)
        run.end()
    (folder / "checkpoint-9").mkdir()  # as if the kill had come while one was written
    with Run([*given, "--resume"]) as resumed:
        assert resumed.end() == 0, resumed.output
    assert_same_result(folder, undisturbed)


def test_a_kill_within_a_step_is_resumed_as_if_the_step_had_never_begun(
    common: list[str], server: FakeServer, undisturbed: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    given = arguments(common, server, folder, "--set", "run.save_every=1", "--set", "rewards.patience_s=60")
    with Run(given) as run:
        run.until("step 2 of")
        server.kill()
        try:
            run.until("asking again")  # the completions of step 3 are there, and wait for their rewards
            run.signal(signal.SIGKILL)
            run.end()
        finally:
            server.start()
    with Run([*given, "--resume"]) as resumed:
        assert resumed.end() == 0, resumed.output
    assert_same_result(folder, undisturbed)


def test_a_guard_that_stops_leaves_a_checkpoint_and_says_how_to_go_on(
    common: list[str], server: FakeServer, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    never_earned = ["--set", "rewards.names=[match_format_exactly]", "--set", "rewards.weights=[1]"]
    strict = ["--set", "guards.window=1", "--set", "guards.zero_spread.then=stop"]
    with Run(arguments(common, server, folder, *never_earned, *strict)) as run:
        assert run.end() == 3, run.output
    assert "warning: guards.zero_spread: in 100% of the groups" in run.output
    assert "--set guards.zero_spread.then=warn" in run.output
    (warned,) = [
        warned
        for warned in map(json.loads, (folder / "warnings.jsonl").read_text().splitlines())
        if warned["stops"]
    ]
    assert (warned["guard"], warned["step"], warned["value"]) == ("zero_spread", 1, 1.0)
    assert (folder / "checkpoint-1" / "trainer_state.json").exists()

    more = ["--set", "guards.zero_spread.then=off", "--resume"]
    with Run(arguments(common, server, folder, *never_earned, *more)) as resumed:
        assert resumed.end() == 0, resumed.output
    assert summary(folder)["status"] == "complete"


def test_samples_and_tables_are_kept(undisturbed: Path) -> None:
    samples = [json.loads(line) for line in (undisturbed / "samples.jsonl").read_text().splitlines()]
    assert {sample["step"] for sample in samples} == {1, 3}, "every second step, as the preset says"
    first = samples[0]
    assert set(REWARDS) <= set(first["scores"])
    assert "topic_relevance_reward" in first["scores"]
    assert first["evidence"]["terminology_reward"] is not None
    assert first["tokens"] > 0
    for name in ("metrics.parquet", "samples.parquet"):
        assert (undisturbed / name).stat().st_size > 0


def test_weights_and_biases_offline_with_checkpoints_and_one_id(
    common: list[str], server: FakeServer, tmp_path: Path
) -> None:
    pytest.importorskip("wandb", reason="wandb is not installed")
    folder = tmp_path / "run"
    offline = {"WANDB_MODE": "offline", "WANDB_SILENT": "true"}
    more = [
        "--set",
        "run.report_to=wandb",
        "--set",
        "run.upload_checkpoints=true",
        "--set",
        "run.save_every=1",
    ]
    with Run(arguments(common, server, folder, *more), offline) as run:
        run.until("step 2 of")
        run.signal(signal.SIGKILL)
        run.end()
    with Run(arguments(common, server, folder, *more, "--resume"), offline) as resumed:
        assert resumed.end() == 0, resumed.output
    runs = [path.name for path in (folder / "wandb").glob("offline-run-*")]
    assert len(runs) == 2
    assert len({name.rpartition("-")[2] for name in runs}) == 1, "resumed under the same id"
    kept = b"".join(path.read_bytes() for path in (folder / "wandb").glob("offline-run-*/*.wandb"))
    assert b"step-3" in kept, "the last checkpoint is an artifact"


def test_a_signal_while_waiting_for_the_server_ends_at_once(common: list[str], tmp_path: Path) -> None:
    nobody = ["--reward-url", "http://127.0.0.1:9", "--output-dir", str(tmp_path / "run")]
    with Run([*common, *nobody]) as run:
        run.until("waiting for the reward server")
        time.sleep(0.5)
        run.signal(signal.SIGTERM)
        assert run.end() == 128 + signal.SIGTERM, run.output
    assert not (tmp_path / "run").exists()


def test_what_the_server_does_not_know_is_an_error_before_the_policy_loads(
    common: list[str], server: FakeServer, tmp_path: Path
) -> None:
    more = ["--set", "rewards.names=[no_such_reward]", "--set", "rewards.weights=[1]"]
    with Run(arguments(common, server, tmp_path / "run", *more)) as run:
        assert run.end() == 1
    assert "rewards.names: the server has no no_such_reward; it has" in run.output
    assert "loading" not in run.output
    with Run(arguments(common, server, tmp_path / "run"), {"TRAINER_API_KEY": "wrong"}) as run:
        assert run.end() == 1
    assert "401 unauthorized" in run.output


def test_resume_without_a_checkpoint_says_so(common: list[str], server: FakeServer, tmp_path: Path) -> None:
    with Run(arguments(common, server, tmp_path / "run", "--resume")) as run:
        assert run.end() == 1
    assert "holds no whole checkpoint; start the run without --resume" in run.output
