"""Settings of a run: a preset (YAML), then the environment, then `--set key=value`; the last one wins.

A preset states every value.  The defaults of TRL and of Unsloth's wrapper differ (learning rate, optimizer,
gradient accumulation, seed), so nothing is left to them.  A missing or unknown key is an error that names
file and key.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, Self

import yaml
from pydantic import Field, SecretStr, ValidationError, model_validator

from trainer.policy_settings import PolicySettings
from trainer.section import Section
from trainer.tracking.settings import GuardSettings

PRESETS = Path(__file__).parent / "presets"

ENVIRONMENT = {
    "TRAINER_REWARD_URL": "rewards.url",
    "TRAINER_API_KEY": "rewards.api_key",
    "TRAINER_STEPS": "run.steps",
}
"""Environment variable → setting.  An empty variable counts as not set."""


class SettingsError(ValueError):
    """A setting is unknown, missing or wrong; the message names the file (or option) and the key."""


class RunSettings(Section):
    """Where a run writes, and how long it goes on."""

    output_dir: Path
    """Adapter, checkpoints, metrics and summary; relative to the current folder."""
    seed: int
    """Of the sampling, the order of the prompts and the adapter's start."""
    steps: int = Field(ge=1)
    """Optimizer steps."""
    save_every: int = Field(ge=1)
    """Steps between checkpoints."""
    keep_checkpoints: int = Field(ge=1)
    """How many checkpoints stay; older ones are removed."""
    report_to: Literal["auto", "wandb", "none"]
    """`auto`: Weights & Biases when it is installed and configured; `wandb`: an error when it is not."""
    project: str
    """The project's name there."""
    samples_every: int = Field(ge=0)
    """Steps between tables of samples (every completion of a step, with all scores and their evidence);
    0: none."""
    upload_checkpoints: bool
    """Send every checkpoint to Weights & Biases as an artifact."""


class DataSettings(Section):
    """What the policy is asked."""

    file: Path
    """A data set as `python -m trainer data build` writes it."""
    system_prompt: str | None
    """Replaces the data set's system prompt; null keeps it."""
    max_prompt_tokens: int = Field(ge=1)
    """A longer prompt is an error; nothing is cut."""
    shuffle: bool


class RewardSettings(Section):
    """What is rewarded, and who computes it."""

    names: tuple[str, ...] = Field(min_length=1)
    weights: tuple[float, ...]
    """One for each name."""
    url: str = Field(pattern=r"^https?://\S+$")
    api_key: SecretStr | None = Field(default=None, exclude=True)
    """The bearer token; only from the environment (TRAINER_API_KEY), never from a file, and written
    nowhere."""
    startup_patience_s: float = Field(gt=0)
    """How long to wait for the server to become ready before the run."""
    patience_s: float = Field(gt=0)
    """How long to wait for a server that went away in the middle of the run."""
    deadline_s: float = Field(gt=0, le=3600)
    """How long one batch may take at the server."""

    @property
    def key(self) -> str | None:
        """The token itself."""
        return self.api_key.get_secret_value() if self.api_key else None

    @model_validator(mode="after")
    def _one_weight_each(self) -> Self:
        if len(self.weights) != len(self.names):
            raise ValueError(f"weights has {len(self.weights)} entries for {len(self.names)} names")
        if len(set(self.names)) != len(self.names):
            raise ValueError("names holds a reward twice")
        return self


class GenerationSettings(Section):
    """How completions are sampled."""

    num_generations: int = Field(ge=2)
    """Completions of one prompt: the size of a group."""
    max_completion_tokens: int = Field(ge=1)
    temperature: float = Field(gt=0)
    top_p: float = Field(gt=0, le=1)
    top_k: int = Field(ge=0)
    """0 switches it off."""
    min_p: float | None = Field(ge=0, le=1)
    repetition_penalty: float = Field(gt=0)


class OptimizationSettings(Section):
    """How the adapter is updated."""

    batch_size: int = Field(ge=1)
    """Completions in one forward pass."""
    gradient_accumulation: int = Field(ge=1)
    """Passes to one step; batch_size × gradient_accumulation completions make a step."""
    learning_rate: float = Field(gt=0)
    schedule: Literal["linear", "cosine", "constant", "constant_with_warmup"]
    warmup_share: float = Field(ge=0, lt=1)
    """Share of the steps."""
    optimizer: str
    weight_decay: float = Field(ge=0)
    adam_beta1: float = Field(gt=0, lt=1)
    adam_beta2: float = Field(gt=0, lt=1)
    adam_epsilon: float = Field(gt=0)
    max_grad_norm: float = Field(gt=0)


class GrpoSettings(Section):
    """The objective (DeepSeekMath, arXiv 2402.03300, and its successors)."""

    kl_weight: float = Field(ge=0)
    """β, the weight of the divergence from the policy without adapter; 0 leaves it out, unmeasured."""
    iterations: int = Field(ge=1)
    """μ, updates for each generated batch."""
    clip_low: float = Field(gt=0)
    clip_high: float = Field(gt=0)
    loss: Literal["grpo", "bnpo", "dr_grpo", "dapo"]
    scale_rewards: Literal["group", "batch", "none"]
    importance_sampling: Literal["token", "sequence"]
    mask_truncated: bool
    """Leave completions that were cut off at max_completion_tokens out of the loss."""


class Settings(Section):
    """All of a run."""

    run: RunSettings
    policy: PolicySettings
    data: DataSettings
    rewards: RewardSettings
    generation: GenerationSettings
    optimization: OptimizationSettings
    grpo: GrpoSettings
    guards: GuardSettings

    @model_validator(mode="after")
    def _whole_groups(self) -> Self:
        if self.completions_per_step % self.generation.num_generations:
            raise ValueError(
                f"optimization.batch_size × gradient_accumulation = {self.completions_per_step} completions "
                f"are no whole groups of generation.num_generations = {self.generation.num_generations}"
            )
        return self

    @property
    def completions_per_step(self) -> int:
        """Completions that are generated and scored for one step."""
        return self.optimization.batch_size * self.optimization.gradient_accumulation

    @property
    def weights(self) -> dict[str, float]:
        """Reward → weight."""
        return dict(zip(self.rewards.names, self.rewards.weights, strict=True))

    @property
    def warmup_steps(self) -> int:
        """Warm-up in steps, rounded up."""
        return math.ceil(self.optimization.warmup_share * self.run.steps)


def load_settings(
    preset: str, overrides: Sequence[str] = (), environ: Mapping[str, str] | None = None
) -> Settings:
    """Read a preset and lay the environment and `key=value` overrides over it.

    Args:
        preset: the name of a file in `presets/` (with or without `.yaml`), or a path.
        overrides: `section.key=value`; the value is read as YAML.
        environ: where the variables of ENVIRONMENT are looked up; none are read without it.

    Raises:
        SettingsError: names the file, variable or option, and the key.
    """
    path = find_preset(preset)
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: no valid YAML: {error}") from error
    if not isinstance(values, dict):
        raise SettingsError(f"{path}: a preset is a mapping of sections ({', '.join(Settings.model_fields)})")
    if isinstance(values.get("rewards"), dict) and "api_key" in values["rewards"]:
        raise SettingsError(f"{path}: rewards.api_key: a key stands in no file; set TRAINER_API_KEY")

    origins: dict[str, str] = {}
    for variable, key in ENVIRONMENT.items():
        if text := (environ or {}).get(variable, ""):
            _lay_over(values, key, text, origin=variable)
            origins[key] = variable
    for override in overrides:
        key, equals, text = override.partition("=")
        if not equals or not key:
            raise SettingsError(f"--set {override}: expected section.key=value")
        try:
            value = yaml.safe_load(text)
        except yaml.YAMLError as error:
            raise SettingsError(f"--set {override}: the value is no valid YAML") from error
        _lay_over(values, key, value, origin=f"--set {override}")
        origins[key] = f"--set {override}"
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("\n".join(_complaints(error, path, origins))) from error


def find_preset(preset: str) -> Path:
    """The file of a preset: a path, or a name in `presets/`."""
    for path in (Path(preset), PRESETS / preset, PRESETS / f"{preset}.yaml"):
        if path.is_file():
            return path
    known = ", ".join(sorted(path.stem for path in PRESETS.glob("*.yaml")))
    raise SettingsError(f"--preset {preset}: no such file, and no such preset; there are: {known}")


def _lay_over(values: dict[str, Any], key: str, value: Any, *, origin: str) -> None:
    *sections, last = key.split(".")
    for section in sections:
        values = values.setdefault(section, {})
        if not isinstance(values, dict):
            raise SettingsError(f"{origin}: {key}: {section} holds no settings of its own")
    values[last] = value


def _complaints(error: ValidationError, path: Path, origins: Mapping[str, str]) -> Iterator[str]:
    for detail in error.errors(include_url=False, include_input=False):
        key = ".".join(str(part) for part in detail["loc"]) or "(whole preset)"
        origin = next(
            (origins[name] for name in origins if key == name or key.startswith(f"{name}.")), str(path)
        )
        what = {"extra_forbidden": "unknown key", "missing": "missing key"}.get(detail["type"], detail["msg"])
        yield f"{origin}: {key}: {what}"
