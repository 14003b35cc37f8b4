"""Settings: from the environment, frozen, and wrong ones are named."""

from __future__ import annotations

import pytest
from pydantic import SecretStr, ValidationError

from reward_service.errors import ConfigurationError
from reward_service.settings import (
    Settings,
    is_loopback,
    load_settings,
    require_safe_binding,
    unknown_variables,
    variables,
)
from shared.schema import Lane


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in (*variables().values(), "PORT"):
        monkeypatch.delenv(variable, raising=False)


def test_the_defaults_are_the_vetted_ones() -> None:
    settings = load_settings()
    assert (settings.models, settings.host, settings.port, settings.api_keys) == (
        "embedded",
        "127.0.0.1",
        8080,
        (),
    )
    assert settings.limits.model_dump() == {
        "max_items": 512,
        "max_text_chars": 40_000,
        "max_body_bytes": 32 * 2**20,
    }
    assert settings.default_deadline_s == {Lane.TRAINING: 600, Lane.EVALUATION: 1800, Lane.LIVE: 5}


def test_the_environment_and_then_the_arguments_decide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARD_MODELS", "full")
    monkeypatch.setenv("REWARD_MAX_ITEMS", "7")
    settings = load_settings(max_items=9, host=None)
    assert (settings.models, settings.max_items, settings.host) == ("full", 9, "127.0.0.1")


def test_the_port_has_two_names_and_its_own_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", "9001")
    assert load_settings().port == 9001
    monkeypatch.setenv("REWARD_PORT", "9002")
    assert load_settings().port == 9002
    assert load_settings(port=9003).port == 9003


def test_an_empty_variable_counts_as_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARD_API_KEYS", "")
    monkeypatch.setenv("REWARD_PORT", "")
    assert load_settings().api_keys == ()
    assert load_settings().port == 8080


def test_keys_are_split_at_commas_and_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARD_API_KEYS", "alpha-secret, beta-secret")
    settings = load_settings()
    assert [key.get_secret_value() for key in settings.api_keys] == ["alpha-secret", "beta-secret"]
    for shown in (repr(settings), str(settings), settings.model_dump_json()):
        assert "secret" not in shown.replace("SecretStr", "")


@pytest.mark.parametrize("keys", ["hush,", ",hush", "hu sh", "hüsh", "hush,\x00"[:-1]])
def test_a_bad_key_is_refused_without_being_shown(monkeypatch: pytest.MonkeyPatch, keys: str) -> None:
    monkeypatch.setenv("REWARD_API_KEYS", keys)
    with pytest.raises(ConfigurationError, match="REWARD_API_KEYS") as caught:
        load_settings()
    assert "sh" not in str(caught.value).replace("should", "")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("REWARD_PORT", "70000"),
        ("REWARD_MODELS", "huge"),
        ("REWARD_MAX_ITEMS", "0"),
        ("REWARD_DEADLINE_LIVE_S", "never"),
        ("REWARD_LOG_LEVEL", "loud"),
    ],
)
def test_a_bad_value_is_named_by_its_variable(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    with pytest.raises(ConfigurationError, match=variable):
        load_settings()


def test_a_misspelt_variable_is_an_error_that_names_both(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REWARD_API_KEY", "x")
    with pytest.raises(ConfigurationError, match=r"REWARD_API_KEY .*REWARD_API_KEYS"):
        load_settings()


def test_a_foreign_variable_is_a_warning(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("REWARD_URL", "http://reward:8080")
    load_settings()
    assert "REWARD_URL" in caplog.text


def test_what_counts_as_misspelt() -> None:
    found = unknown_variables(
        ["REWARD_MODEL", "REWARD_MODELS", "REWARD_MAXITEMS", "REWARD_PATIENCE_S", "HOME"]
    )
    assert found == {
        "REWARD_MODEL": "REWARD_MODELS",
        "REWARD_MAXITEMS": "REWARD_MAX_ITEMS",
        "REWARD_PATIENCE_S": None,
    }


def test_settings_never_change() -> None:
    with pytest.raises(ValidationError):
        setattr(Settings(), "port", 1)  # noqa: B010  (mypy would refuse the assignment)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("192.168.0.3", False),
        ("reward", False),
    ],
)
def test_without_keys_only_loopback_is_bound_unless_told_otherwise(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback
    require_safe_binding(Settings(host=host, api_keys=(SecretStr("k"),)))
    require_safe_binding(Settings(host=host, allow_public_without_key=True))
    if loopback:
        require_safe_binding(Settings(host=host))
    else:
        with pytest.raises(ConfigurationError, match=r"REWARD_API_KEYS.*REWARD_ALLOW_PUBLIC_WITHOUT_KEY"):
            require_safe_binding(Settings(host=host))


def test_every_setting_has_a_docstring() -> None:
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []
