"""The plan adds up, derives vLLM's share, refuses what can't fit, and names what would help."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from trainer.memory.card import card_here, parse_gib
from trainer.memory.check import fitted, with_share
from trainer.memory.items import GIB
from trainer.memory.plan import Plan, make_plan
from trainer.memory.savings import savings
from trainer.memory.shapes import shape_of
from trainer.memory.table import verdict
from trainer.settings import SettingsError, load_settings

PRESETS = ("a40", "plain-gpu")


def plan(preset: str, *changes: str, total: float | None = None, in_use: float = 0.0) -> Plan:
    settings = load_settings(preset, changes)
    return make_plan(settings, shape_of(settings.policy.model), total, in_use)


@pytest.mark.parametrize("preset", PRESETS)
def test_the_presets_fit_the_card_they_were_made_for(preset: str) -> None:
    found = plan(preset)
    assert found.problems == []
    assert found.needed_by_vllm < found.share < found.room
    assert found.peak < found.total == 44.35 * GIB


@pytest.mark.parametrize("preset", PRESETS)
def test_the_derived_share_follows_what_the_reward_server_leaves(preset: str) -> None:
    share = [plan(preset, f"policy.gpu.reward_server_gib={gib}").share for gib in (0, 3, 6)]
    assert share[0] > share[1] > share[2]
    assert plan(preset, in_use=6.0).share == share[2]  # what is seen counts where it is more than stated
    assert plan(preset, in_use=1.0).share == share[1]


def test_each_backend_is_told_the_share_as_it_counts_it() -> None:
    plain, unsloth = plan("plain-gpu"), plan("a40")
    assert plain.utilization is not None
    assert unsloth.utilization is not None
    assert plain.utilization * plain.total == pytest.approx(plain.share, rel=0.003)
    free = unsloth.total - sum(item.size for item in unsloth.others if item.name != "allocator")
    assert unsloth.utilization * free == pytest.approx(unsloth.share, rel=0.003)


def test_the_derived_number_stands_in_the_settings_and_plans_the_same() -> None:
    found = plan("plain-gpu")
    settings = with_share(found.settings, found)
    assert settings.policy.gpu_memory_utilization == found.utilization
    again = make_plan(settings, shape_of(settings.policy.model))
    assert again.problems == []
    assert again.utilization == found.utilization


def test_a_sleeping_vllm_gives_its_memory_to_the_update() -> None:
    asleep, awake = (
        plan("plain-gpu", f"policy.gpu.vllm_sleep={how}", total=30.0) for how in ("true", "false")
    )
    assert asleep.problems == []
    assert awake.problems
    assert awake.peak == awake.updating + awake.needed_by_vllm
    assert asleep.peak == asleep.generating + asleep.needed_by_vllm
    assert asleep.room > awake.room


@pytest.mark.parametrize(
    ("share", "complaint"),
    [
        ("0.2", r"0\.2 gives vLLM 8\.87 GiB; it needs 17\.\d\d"),
        ("0.9", r"0\.9 gives vLLM 39\.9\d GiB; \S+ are left"),
    ],
)
def test_a_share_that_was_set_wrong_is_refused_with_the_way_out(share: str, complaint: str) -> None:
    found = plan("plain-gpu", f"policy.gpu_memory_utilization={share}")
    assert found.utilization == float(share)
    said = verdict(found, [])
    assert re.search(complaint, said), said
    assert "--set policy.gpu_memory_utilization=auto" in said


@pytest.mark.parametrize(("preset", "total"), [("a40", 16.0), ("plain-gpu", 24.0), ("plain-gpu", 30.0)])
def test_what_would_help_does_help(preset: str, total: float) -> None:
    found = plan(preset, total=total)
    assert found.problems
    shape = shape_of(found.settings.policy.model)
    helpful = savings(found, shape)
    assert helpful
    assert helpful[0].fits
    for saving in helpful:
        words = str(saving).partition("  saves")[0].split("--set ")[1:]
        other = plan(preset, *[word.strip() for word in words], total=total)
        assert (found.peak - other.peak) / GIB == pytest.approx(saving.gib)
        assert saving.fits is (not other.problems)


def test_without_vllm_the_policy_keeps_its_own_cache() -> None:
    found = plan(
        "plain-gpu",
        "policy.fast_inference=false",
        "policy.gpu_memory_utilization=null",
        "policy.gpu.vllm_sleep=false",
    )
    assert (found.share, found.utilization, found.vllm) == (0, None, ())
    assert [item.when for item in found.training if item.name == "keys and values"] == ["generating"]
    assert "gpu_memory_utilization" not in verdict(found, [])


def test_a_run_without_a_gpu_is_no_matter_for_a_plan() -> None:
    settings = load_settings("cpu-demo")
    with pytest.raises(SettingsError, match=r"policy\.gpu: null"):
        make_plan(settings, shape_of("Qwen/Qwen3-8B"), 24.0)
    assert fitted(settings, lambda _: None) is settings


def test_without_a_card_the_settings_come_back_as_they_are() -> None:
    if card_here() is not None:
        pytest.skip("there is a GPU here")
    settings = load_settings("plain-gpu")
    assert fitted(settings, lambda _: None) is settings


@pytest.mark.parametrize(
    ("text", "gib"), [("48GiB", 48.0), ("48 GB", 44.703), ("46068MiB", 44.988), (" 1.5 GiB ", 1.5)]
)
def test_sizes_have_units(text: str, gib: float) -> None:
    assert parse_gib(text) == pytest.approx(gib, abs=0.001)


@pytest.mark.parametrize("text", ["48", "GiB", "-1GiB", "0GiB", "48 TiB", "lots"])
def test_a_size_without_unit_or_sense_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="--gpu-memory"):
        parse_gib(text)


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--preset", "a40.yaml", "--gpu-memory", "44.35GiB"], 0, "fits, with"),
        (["--preset", "plain-gpu", "--gpu-memory", "48GiB"], 0, "gpu_memory_utilization 0."),
        (["--preset", "a40", "--gpu-memory", "12GiB"], 1, "optimization.batch_size"),
        (["--preset", "a40", "--gpu-memory", "48"], 1, "expected a size such as 48GiB"),
        (["--preset", "cpu-demo", "--gpu-memory", "48GiB"], 1, "policy.gpu: null"),
    ],
)
def test_the_command_prints_the_table_and_says_by_its_status_whether_it_fits(
    arguments: list[str], status: int, said: str, root: Path
) -> None:
    command = [sys.executable, "-m", "trainer", "plan", *arguments]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    output = done.stdout + done.stderr
    assert done.returncode == status, output
    assert said in output
    assert "Traceback" not in output
