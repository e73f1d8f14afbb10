"""What the environment may say, and the line that answers when it says something else."""

import os
from pathlib import Path

import pytest

import settings

PRODUCTION = {
    "CHORUS_ENVIRONMENT": "production",
    "CHORUS_SECRET": "n" * 32,
    "CHORUS_DATABASE_URL": "postgresql://chorus:private@db/chorus",
    "CHORUS_JWKS_URL": "https://accounts.example/keys",
    "CHORUS_JWT_ISSUER": "https://accounts.example",
}


@pytest.fixture(autouse=True)
def empty_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in os.environ:
        if name.startswith("CHORUS_"):
            monkeypatch.delenv(name)


def refusal(monkeypatch: pytest.MonkeyPatch, **environment: str) -> str:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(settings.SettingsError) as refused:
        settings.load()
    return str(refused.value)


def test_an_empty_environment_is_development_on_the_own_machine() -> None:
    loaded = settings.load()
    assert (loaded.environment, loaded.host, loaded.port, loaded.database_url) == (
        "development",
        "127.0.0.1",
        8000,
        None,
    )
    assert loaded.graphiql


def test_an_empty_value_is_an_absent_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHORUS_PORT", "")
    assert settings.load().port == 8000


def test_the_command_line_comes_before_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHORUS_PORT", "9000")
    assert settings.load(port=9001).port == 9001


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHORUS_PORT", "eighty"),
        ("CHORUS_PORT", "65536"),
        ("CHORUS_PORT", "0"),
        ("CHORUS_HOST", "two words"),
        ("CHORUS_ENVIRONMENT", "staging"),
        ("CHORUS_WORKER", "maybe"),
        ("CHORUS_TIME_LIMIT", "nan"),
        ("CHORUS_TIME_LIMIT", "inf"),
        ("CHORUS_CONNECTIONS", "1e3"),
        ("CHORUS_JWKS_URL", "file:///etc/passwd"),
        ("CHORUS_LOG_LEVEL", "loud\nand more"),
    ],
)
def test_a_malformed_value_gets_one_line_with_name_value_and_what_is_allowed(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    field = settings.Settings.model_fields[name.removeprefix("CHORUS_").lower()]
    assert refusal(monkeypatch, **{name: value}) == f"{name} is {value!r}: allowed is {settings.allowed(field)}."


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("CHORUS_SECRET", "hunter2"),
        ("CHORUS_SECRET", "k" * 32 + ","),
        ("CHORUS_SECRET", ",".join(["k" * 32] * 3)),
        ("CHORUS_DATABASE_URL", "mysql://chorus:hunter2@db/chorus"),
    ],
)
def test_what_is_secret_is_not_repeated(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    line = refusal(monkeypatch, **{name: value})
    assert line.startswith(f"{name} is not valid: allowed is ")
    assert value not in line and "hunter2" not in line


def test_secrets_are_not_shown_with_the_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    shown = repr(settings.load())
    assert "nnnn" not in shown and "private" not in shown


def test_an_unknown_variable_is_refused_with_the_nearest_name(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(monkeypatch, CHORUS_DATABSE_URL="x") == (
        "CHORUS_DATABSE_URL is not a setting of Chorus: did you mean CHORUS_DATABASE_URL?"
    )


def test_each_mistake_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = refusal(
        monkeypatch, CHORUS_PORT="x", CHORUS_HOST="a b", CHORUS_ZZZ="1", CHORUS_ENVIRONMENT="here"
    ).splitlines()
    assert [line.split()[0] for line in lines] == ["CHORUS_ZZZ", "CHORUS_ENVIRONMENT", "CHORUS_HOST", "CHORUS_PORT"]


@pytest.mark.parametrize("missing", ["CHORUS_SECRET", "CHORUS_DATABASE_URL", "CHORUS_JWKS_URL", "CHORUS_JWT_ISSUER"])
def test_production_refuses_to_start_without_what_it_needs(monkeypatch: pytest.MonkeyPatch, missing: str) -> None:
    given = {name: value for name, value in PRODUCTION.items() if name != missing}
    assert refusal(monkeypatch, **given) == f"CHORUS_ENVIRONMENT is production, which also needs {missing}."


@pytest.mark.parametrize(
    "url",
    [
        "http://accounts.example/keys",
        "http://localhost.accounts.example/keys",
        "http://localhost@accounts.example/keys",
        "http://127.0.0.1.accounts.example/keys",
        "http://10.0.0.7/keys",
        "http://[::1/keys",
    ],
)
def test_production_refuses_keys_that_may_be_changed_on_their_way(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    allowed = settings.allowed(settings.Settings.model_fields["jwks_url"])
    line = refusal(monkeypatch, **PRODUCTION | {"CHORUS_JWKS_URL": url})
    assert line == f"CHORUS_JWKS_URL is {url!r}: allowed is {allowed}."


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        ("production", "http://localhost:9000/keys"),
        ("production", "http://LOCALHOST/keys"),
        ("production", "http://127.0.0.1/keys"),
        ("production", "http://[::1]:9000/keys"),
        ("development", "http://accounts.example/keys"),
    ],
)
def test_keys_come_by_https_or_from_this_machine_or_in_development(
    monkeypatch: pytest.MonkeyPatch, environment: str, url: str
) -> None:
    for name, value in (PRODUCTION | {"CHORUS_ENVIRONMENT": environment, "CHORUS_JWKS_URL": url}).items():
        monkeypatch.setenv(name, value)
    assert settings.load().jwks_url == url


def test_production_starts_without_graphiql(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in PRODUCTION.items():
        monkeypatch.setenv(name, value)
    assert not settings.load().graphiql


def test_two_keys_stay_in_their_order(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CHORUS_SECRET", f"{'n' * 32}, {'o' * 40}")
    assert settings.load().keys == ("n" * 32, "o" * 40)


def test_development_keeps_one_private_key(tmp_path: Path) -> None:
    first, second = settings.load(folder=tmp_path / "new"), settings.load(folder=tmp_path / "new")
    assert first.keys == second.keys
    assert len(first.keys[0]) >= settings.KEY_CHARACTERS
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["secret"]
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600


def test_a_key_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("short")
    with pytest.raises(settings.SettingsError, match="holds no key"):
        assert settings.load(folder=tmp_path).keys


def test_every_variable_says_what_it_is_for() -> None:
    for name, field in settings.Settings.model_fields.items():
        assert field.description and settings.allowed(field), name
