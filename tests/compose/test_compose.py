"""`docker compose up` for real: both images are built, started, and a training step gets its rewards."""

from __future__ import annotations

import functools
import http.server
import json
import os
import shutil
import subprocess
import threading
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCAL_BASE = "local/python:3.11-bookworm"
"""A base image for machines that reach no image registry; used where it exists."""

pytestmark = [pytest.mark.compose, pytest.mark.timeout(1200)]


def docker(*arguments: str, environment: dict[str, str] | None = None, check: bool = True) -> str:
    """Run the docker client in the repository root; returns its standard output."""
    done = subprocess.run(
        ["docker", *arguments],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=900,
    )
    if check and done.returncode:
        pytest.fail(
            f"docker {' '.join(arguments)} gave {done.returncode}:\n{(done.stdout + done.stderr)[-6000:]}"
        )
    return done.stdout


def no_engine() -> str | None:
    """Why containers can't run here, if they can't."""
    if shutil.which("docker") is None:
        return "no docker client"
    for command in (["docker", "info"], ["docker", "compose", "version"]):
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        if done.returncode:
            return f"`{' '.join(command)}` fails: {(done.stderr or done.stdout).strip()[-200:]}"
    return None


@pytest.fixture(scope="module")
def wheels() -> Iterator[str]:
    """The URL of a local folder of wheels (PIP_FIND_LINKS), if there is one; a build sees no folders."""
    folder = os.environ.get("PIP_FIND_LINKS", "")
    if not folder or not Path(folder).is_dir():
        yield folder
        return
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def project(wheels: str) -> Iterator[dict[str, str]]:
    """A compose project of its own: built, up until the trainer has ended, and removed with its volumes."""
    reason = no_engine()
    if reason:
        pytest.skip(f"no Docker engine: {reason}")
    environment = {
        **os.environ,
        "COMPOSE_PROJECT_NAME": f"touchstone-test-{uuid.uuid4().hex[:8]}",
        "COMPOSE_FILE": "docker-compose.yml",
        "PIP_FIND_LINKS": wheels,
        "BUILD_NETWORK": "host",
        "REWARD_PORT": "0",
        "REWARD_API_KEYS": "compose-test-key",
        "REWARD_RECORD_CHECKS": "true",
        "TRAINER_API_KEY": "compose-test-key",
        "TRAINER_PRESET": "cpu-demo",
        "TRAINER_STEPS": "2",
        "DOCKER_BUILDKIT": "0",
    }
    if docker("images", "-q", LOCAL_BASE):
        environment["BASE_IMAGE"] = LOCAL_BASE
    try:
        docker("compose", "build", environment=environment)
        docker("compose", "up", "--no-build", "--detach", environment=environment)
        docker("compose", "wait", "trainer", environment=environment, check=False)
        yield environment
    finally:
        docker("compose", "down", "--volumes", "--timeout", "10", environment=environment, check=False)


def container(project: dict[str, str], service: str) -> str:
    return docker("compose", "ps", "--all", "--quiet", service, environment=project).strip()


def test_a_training_step_got_its_rewards_from_the_container(project: dict[str, str]) -> None:
    trainer = container(project, "trainer")
    state = json.loads(docker("inspect", "--format", "{{json .State}}", trainer))
    logs = docker("logs", trainer)
    assert state["ExitCode"] == 0, logs[-4000:]

    target = ROOT / "runs" / project["COMPOSE_PROJECT_NAME"]
    target.mkdir(parents=True)
    try:
        docker("cp", f"{trainer}:/runs/demo/summary.json", str(target))
        docker("cp", f"{trainer}:/runs/demo/adapter", str(target))
        summary = json.loads((target / "summary.json").read_text(encoding="utf-8"))
        assert (target / "adapter" / "adapter_model.safetensors").stat().st_size > 100_000
    finally:
        shutil.rmtree(target)

    served = docker(
        "compose", "exec", "-T", "reward", "python3", "-c",
        "import urllib.request as u;"
        "r=u.Request('http://127.0.0.1:8080/info',headers={'Authorization':'Bearer compose-test-key'});"
        "print(u.urlopen(r).read().decode())",
        environment=project,
    )  # fmt: skip
    assert summary["fingerprints"] == [json.loads(served)["fingerprint"]]
    assert summary["steps"] == 2


def test_the_reward_server_counted_the_requests(project: dict[str, str]) -> None:
    metrics = docker(
        "compose", "exec", "-T", "reward", "python3", "-c",
        "import urllib.request as u;"
        "r=u.Request('http://127.0.0.1:8080/metrics',headers={'Authorization':'Bearer compose-test-key'});"
        "print(u.urlopen(r).read().decode())",
        environment=project,
    )  # fmt: skip
    scored = [line for line in metrics.splitlines() if "items_scored" in line and not line.startswith("#")]
    assert sum(float(line.split()[-1]) for line in scored if "_created" not in line) >= 2, metrics


def test_the_reward_container_is_locked_down(project: dict[str, str]) -> None:
    reward = container(project, "reward")
    inspected = json.loads(docker("inspect", reward))[0]
    assert inspected["State"]["Health"]["Status"] == "healthy"
    assert inspected["HostConfig"]["ReadonlyRootfs"] is True
    assert docker("exec", reward, "id", "-u").strip() != "0"
    touched = subprocess.run(["docker", "exec", reward, "touch", "/app/x"], capture_output=True, check=False)
    assert touched.returncode != 0


def test_a_check_is_kept_in_the_volume(project: dict[str, str]) -> None:
    told = docker(
        "compose", "exec", "-T", "reward", "python3", "-c",
        "import json, urllib.request as u;"
        "h={'Authorization':'Bearer compose-test-key','Content-Type':'application/json'};"
        "b=json.dumps({'question':'What is capital?','answer':'Capital is is is is is is'}).encode();"
        "c=json.load(u.urlopen(u.Request('http://127.0.0.1:8080/check',b,h)));"
        "r=u.urlopen(u.Request('http://127.0.0.1:8080/reviews/'+c['record_id'],headers=h)).read().decode();"
        "print(r)",
        environment=project,
    )  # fmt: skip
    review = json.loads(told)
    assert review["question"] == "What is capital?"
    assert review["state"] == "open"
    kept = docker("compose", "exec", "-T", "reward", "ls", "/data", environment=project)
    assert "touchstone.db" in kept


def test_the_gpu_override_is_valid_and_asks_for_the_gpu() -> None:
    reason = no_engine()
    if reason:
        pytest.skip(f"no Docker engine: {reason}")
    environment = {**os.environ, "COMPOSE_FILE": "docker-compose.yml:docker-compose.gpu.yml"}
    merged = json.loads(docker("compose", "config", "--format", "json", environment=environment))["services"]
    for service in ("reward", "trainer"):
        devices = merged[service]["deploy"]["resources"]["reservations"]["devices"]
        assert devices[0]["driver"] == "nvidia"
    assert merged["reward"]["environment"]["REWARD_MODELS"] == "full"
    assert "a40" in merged["trainer"]["command"]
