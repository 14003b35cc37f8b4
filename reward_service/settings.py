"""The server's settings: frozen, from the environment, prefix `REWARD_`."""

from __future__ import annotations

import difflib
import ipaddress
import logging
import os
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import AliasChoices, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from reward_service.errors import ConfigurationError
from shared.schema import Lane, Limits

PREFIX = "REWARD_"
MIB = 2**20

logger = logging.getLogger(__name__)


class Settings(BaseSettings):
    """Everything that can be set, each by the variable `REWARD_<NAME>`; an empty variable counts as not set.

    Raises:
        ConfigurationError: a `REWARD_` variable that is no setting, but nearly spells one.  Other unknown
            `REWARD_` variables are logged as a warning: they may belong to another program.
        pydantic.ValidationError: a value is not allowed; `load_settings` says it by the variable's name.
    """

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        env_ignore_empty=True,
        extra="forbid",
        frozen=True,
        populate_by_name=True,
        hide_input_in_errors=True,
        use_attribute_docstrings=True,
    )

    models: Literal["embedded", "full"] = "embedded"
    """The pack of models: `embedded` needs no hub and no GPU, `full` loads bart-large-mnli."""
    nli_model: str | None = None
    """Another NLI model than the pack's: a hub name, a folder, or `embedded`."""
    nli_calibration: Path | None = None
    """A file that `calibrate` wrote for the NLI model; without it, the `calibration.json` beside its
    weights."""
    embedding_model: str | None = None
    """Another sentence-embedding model than the pack's: a hub name, a folder, or `embedded`."""
    spacy_model: str | None = None
    """Another spaCy pipeline than the pack's, such as `en_core_web_trf`."""
    device: str = "auto"
    """Where models run: `auto` (the first GPU, else the CPU), `cpu`, `cuda`, `cuda:1`, …"""
    dtype: Literal["auto", "fastest", "float32", "bfloat16", "float16", "int8"] = "auto"
    """Number format of the weights; `auto` is float32, but bfloat16 (on old cards float16) for a hub's NLI
    model on a GPU.  `fastest` lets a short measurement at start choose between the formats that the hardware
    helps, `int8` on CPUs with AVX2 among them.  On a CPU float32 decides what a shorter format leaves near a
    threshold, for which the weights are there twice."""
    calls: int | None = Field(default=None, ge=1, le=256)
    """Calls of one model side by side, on a CPU; where it is not set, one for each core, at most 4.  A GPU
    runs one."""
    threads: int | None = Field(default=None, ge=1, le=1024)
    """CPU threads of one model call; where it is not set, what the calls side by side leave to each."""
    annotator_processes: int | None = Field(default=None, ge=0, le=256)
    """Processes of the spaCy pipeline; where it is not set, one for each core, at most 8.  With 0 it runs in
    the server's own process, where it competes with everything else for Python's lock."""
    lexicon: str = "marxist"
    """The domain's lexicon: the name of a file in `lexicons/`, or the path of a YAML file."""
    recipes_dir: Path | None = None
    """A folder with further recipes (YAML), beside those that come with the server."""
    host: str = "127.0.0.1"
    """The address to listen on.  Without API keys only a loopback address is accepted."""
    port: int = Field(default=8080, ge=0, le=65535, validation_alias=AliasChoices("REWARD_PORT", "PORT"))
    """The port to listen on; 0 takes a free one.  The variable `PORT` does as well."""
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()
    """Bearer tokens that are let in, separated by commas; without any, everybody who can connect is."""
    allow_public_without_key: bool = False
    """Listen on other than loopback addresses without any key (for a private network, such as compose's)."""
    max_items: int = Field(default=512, ge=1)
    """Items that one request may hold."""
    max_text_chars: int = Field(default=40_000, ge=1)
    """Characters of one prompt, completion or reference; longer texts are refused, never cut."""
    max_body_bytes: int = Field(default=32 * MIB, ge=1024)
    """Bytes of one request's body."""
    max_batch_tokens: int = Field(default=8192, ge=512)
    """Padded tokens of one model call, at most; on a slow machine `max_batch_s` allows fewer."""
    max_batch_s: float = Field(default=0.25, gt=0, le=60)
    """Seconds that one model call should take at most, by the measured speed: a live request waits for the
    one that runs.  A call may have 512 tokens however long they take."""
    max_batch_items: int = Field(default=256, ge=1)
    """Texts or pairs of one model call."""
    cache_mib: int = Field(default=256, ge=0)
    """MiB of finished results that each model's cache keeps; what was used least recently goes first."""
    deadline_training_s: float = Field(default=600.0, gt=0, le=3600)
    """Seconds that a request of the training lane waits, where it names no deadline."""
    deadline_evaluation_s: float = Field(default=1800.0, gt=0, le=3600)
    """Seconds that a request of the evaluation lane waits, where it names no deadline."""
    deadline_live_s: float = Field(default=5.0, gt=0, le=3600)
    """Seconds that a request of the live lane waits, where it names no deadline."""
    policies_dir: Path | None = None
    """A folder with further policies of live checks (YAML), beside those that come with the server."""
    record_checks: bool = False
    """Keep every live check in a database, for reviews."""
    database_url: SecretStr = SecretStr("sqlite:///touchstone.db")
    """Where checks are kept: SQLite (`sqlite:////data/touchstone.db`) or PostgreSQL
    (`postgresql+psycopg://user:password@host/name`)."""
    record_texts: Literal["plain", "hashed"] = "plain"
    """`hashed` keeps, in place of question, answer and passages, hashes made with `record_hash_key`."""
    record_hash_key: SecretStr | None = None
    """A secret of 16 characters or more, without which short texts could be found by guessing; wanted where
    texts are hashed."""
    record_days: float = Field(default=30.0, gt=0)
    """Days after which a kept check is deleted."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """How much the server logs; with `DEBUG` every request."""

    @field_validator("api_keys", mode="before")
    @classmethod
    def _split_keys(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        keys = [key.strip() for key in value.split(",")]
        if not all(keys):
            raise ValueError("an empty key between the commas")
        return keys

    @field_validator("api_keys")
    @classmethod
    def _keys_fit_a_header(cls, keys: tuple[SecretStr, ...]) -> tuple[SecretStr, ...]:
        for key in keys:
            secret = key.get_secret_value()
            if not secret or not all("!" <= character <= "~" for character in secret):
                raise ValueError("a key must be printable ASCII without spaces, and not empty")
        return keys

    @model_validator(mode="after")
    def _no_misspelt_variables(self) -> Self:
        for name, meant in unknown_variables(os.environ).items():
            if meant is not None:
                raise ConfigurationError(f"{name} is no setting; did you mean {meant}?", where=name)
            logger.warning("%s is no setting of the reward server, and is ignored", name)
        return self

    @property
    def limits(self) -> Limits:
        """What one request may hold, as `GET /info` reports it."""
        return Limits(
            max_items=self.max_items, max_text_chars=self.max_text_chars, max_body_bytes=self.max_body_bytes
        )

    @property
    def default_deadline_s(self) -> dict[Lane, float]:
        """Seconds that a request of each lane waits, where it names no deadline."""
        return {
            Lane.TRAINING: self.deadline_training_s,
            Lane.EVALUATION: self.deadline_evaluation_s,
            Lane.LIVE: self.deadline_live_s,
        }


def load_settings(**overrides: Any) -> Settings:
    """The settings from the environment, with some of them given.

    Args:
        overrides: by the settings' names; those that are None are left to the environment.

    Raises:
        ConfigurationError: names the variable that is wrong, never the value (it may be a secret).
    """
    try:
        return Settings(**{name: value for name, value in overrides.items() if value is not None})
    except ValidationError as invalid:
        problems = [
            f"{_variable(error['loc'])}: {error['msg']}" for error in invalid.errors(include_input=False)
        ]
        raise ConfigurationError("; ".join(problems)) from None


def require_safe_binding(settings: Settings) -> None:
    """Without keys the server listens on loopback only, unless told otherwise.

    Raises:
        ConfigurationError: says what to do.
    """
    if settings.api_keys or settings.allow_public_without_key or is_loopback(settings.host):
        return
    raise ConfigurationError(
        f"the server would listen on {settings.host} without any key, for everybody who can reach it. "
        "Set REWARD_API_KEYS, or REWARD_HOST=127.0.0.1, or, on a private network, "
        "REWARD_ALLOW_PUBLIC_WITHOUT_KEY=true.",
        where="REWARD_HOST",
    )


def is_loopback(host: str) -> bool:
    """Whether a host is this machine's own loopback address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def variables() -> dict[str, str]:
    """Setting → its environment variable."""
    return {name: f"{PREFIX}{name.upper()}" for name in Settings.model_fields}


def unknown_variables(environment: Any) -> dict[str, str | None]:
    """`REWARD_` variables that are no setting → the setting's variable that was probably meant, or None."""
    known = list(variables().values())
    unknown = sorted(
        name for name in environment if name.upper().startswith(PREFIX) and name.upper() not in known
    )
    return {
        name: next(iter(difflib.get_close_matches(name.upper(), known, n=1, cutoff=0.85)), None)
        for name in unknown
    }


def _variable(location: tuple[int | str, ...]) -> str:
    """The variable that a validation error speaks of."""
    first = str(location[0]) if location else ""
    return variables().get(first, first)
