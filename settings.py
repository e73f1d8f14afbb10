"""Every environment variable of Chorus: its type, its default, what it may be and what it is for; nothing else reads os.environ."""

import difflib
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal, cast
from urllib.parse import urlsplit

from pydantic import BeforeValidator, Field, ValidationError, ValidationInfo, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

PREFIX = "CHORUS_"
OF_THE_TESTS = "CHORUS_TEST_"
KEY_CHARACTERS = 32  # a key of HMAC-SHA256 shorter than its digest is the weakest part
LOOPBACK = ("localhost", "127.0.0.1", "::1")
IN_PRODUCTION = ("secret", "database_url", "jwks_url", "jwt_issuer")


class SettingsError(Exception):
    """The environment cannot be used; the message has one line for each variable that is wrong."""


def _setting(default: Any, description: str, allowed: str, **bounds: Any) -> Any:
    if callable(default):
        bounds["default_factory"] = default
    else:
        bounds["default"] = default
    return Field(description=description, json_schema_extra={"allowed": allowed}, **bounds)


def _keys(given: object) -> object:
    if not isinstance(given, str):
        return given
    keys = [key.strip() for key in given.split(",")]
    if len(keys) > 2 or any(len(key) < KEY_CHARACTERS for key in keys):
        raise ValueError
    return tuple(keys)


def _origins(given: object) -> object:
    if not isinstance(given, str):
        return given
    origins = tuple(origin.strip() for origin in given.split(","))
    if not all(re.fullmatch(r"https?://[\w.-]+(:\d+)?", origin) for origin in origins):
        raise ValueError
    return origins


class Settings(BaseSettings):
    """The configuration of one process; made by `load`, passed in below `app`, `cli` and `worker`."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_ignore_empty=True, extra="forbid", frozen=True)

    environment: Literal["development", "production"] = _setting(
        "development",
        "Production refuses to start without a secret, a database, a JWKS URL and an issuer.",
        "development or production",
    )
    database_url: str | None = _setting(
        None,
        "The Postgres to use, 15 or newer. Without it `make dev` brings its own.",
        "postgresql://user:password@host:port/name",
        pattern=r"^postgres(ql)?://",
        repr=False,
    )
    host: str = _setting("127.0.0.1", "The address to listen on.", "an address or a host name", pattern=r"^[\w.:-]+$")
    port: int = _setting(8000, "The port to listen on.", "a whole number from 1 to 65535", ge=1, le=65535)
    secret: Annotated[tuple[str, ...] | None, NoDecode, BeforeValidator(_keys)] = _setting(
        None,
        "Signs cursors and, in development, tokens: the first key signs, both are accepted, so that a key can be changed. "
        "Without it development keeps one under its folder.",
        "one or two keys of at least 32 characters, separated by a comma",
        repr=False,
    )
    folder: Path = _setting(Path(".chorus"), "Where development keeps its Postgres and its secret.", "a folder")
    jwks_url: str | None = _setting(
        None,
        "Where the keys are that sign the tokens of users.",
        "an https URL; an http URL only in development, or of this machine (localhost, 127.0.0.1 or [::1])",
        pattern=r"^https?://[^\s/]+",
    )
    jwt_issuer: str | None = _setting(None, "The issuer (`iss`) that a token must name.", "any text", min_length=1)
    jwt_audience: str = _setting("chorus", "The audience (`aud`) that a token must name.", "any text", min_length=1)
    connections: int = _setting(
        6, "Connections to Postgres that reads share.", "a whole number from 1 to 100", ge=1, le=100
    )
    write_connections: int = _setting(
        10, "Connections to Postgres that mutations take in turns.", "a whole number from 1 to 100", ge=1, le=100
    )
    worker: bool = _setting(
        True,
        "Whether `chorus serve` may also be the one worker that moves the log and scores the charts.",
        "true or false",
    )
    graphiql: bool = _setting(
        lambda given: given.get("environment") == "development",
        "Whether a browser gets GraphiQL at /graphql; on in development, off in production.",
        "true or false",
    )
    http_profile: Literal["draft", "classic"] = _setting(
        "draft",
        "The statuses of GraphQL over HTTP: those of its present draft, or 400 and 200 where that has 422 and 294.",
        "draft or classic",
    )
    cors_origins: Annotated[tuple[str, ...], NoDecode, BeforeValidator(_origins)] = _setting(
        (),
        "Origins whose pages may ask Chorus from a browser; development also lets those of this machine in, on any port.",
        "origins like https://app.example.com, separated by commas",
    )
    log_level: Literal["debug", "info", "warning", "error"] = _setting(
        "info", "The least level that is logged.", "debug, info, warning or error"
    )
    executor: Literal["breadth-first", "graphql-core"] = _setting(
        "breadth-first",
        "What answers operations: our own executor, level by level, or graphql-core's, object by object, to compare with.",
        "breadth-first or graphql-core",
    )
    time_limit: float = _setting(
        10.0, "Seconds that an operation may take.", "a number from 0.1 to 300", ge=0.1, le=300, allow_inf_nan=False
    )
    body_limit: int = _setting(
        1_048_576,
        "Bytes that the body of a request may have.",
        "a whole number from 1024 to 104857600",
        ge=1024,
        le=104_857_600,
    )
    message_limit: int = _setting(
        65_536,
        "Bytes that a message over WebSocket may have.",
        "a whole number from 1024 to 1048576",
        ge=1024,
        le=1_048_576,
    )
    init_timeout: float = _setting(
        10.0,
        "Seconds that a socket has for connection_init.",
        "a number from 0.1 to 300",
        ge=0.1,
        le=300,
        allow_inf_nan=False,
    )
    sockets_per_caller: int = _setting(
        20, "Sockets that one caller may hold open.", "a whole number from 1 to 10000", ge=1, le=10_000
    )
    operations_per_socket: int = _setting(
        100, "Operations that may run on one socket at a time.", "a whole number from 1 to 10000", ge=1, le=10_000
    )

    @field_validator("jwks_url")
    @classmethod
    def _keys_come_unchanged(cls, given: str | None, others: ValidationInfo) -> str | None:
        # Whoever can put in keys of his own on their way can sign in as anybody.
        if given is not None and others.data.get("environment") == "production":
            url = urlsplit(given)
            if url.scheme != "https" and url.hostname not in LOOPBACK:
                raise ValueError
        return given

    @model_validator(mode="after")
    def _complete_in_production(self) -> "Settings":
        missing = [PREFIX + name.upper() for name in IN_PRODUCTION if getattr(self, name) is None]
        if self.environment == "production" and missing:
            raise ValueError(f"{PREFIX}ENVIRONMENT is production, which also needs {', '.join(missing)}.")
        return self

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """The keys that sign and verify, newest first; development makes one at first use and keeps it."""
        if self.secret is not None:
            return self.secret
        return (_kept_key(self.folder / "secret"),)


def load(**given: Any) -> Settings:
    """The settings of the environment, with what a command line gave in their place; SettingsError has a line for each mistake."""
    lines = list(_unknown())
    try:
        settings = Settings(**given)
    except ValidationError as error:
        lines += [_line(mistake) for mistake in error.errors() if mistake["type"] != "default_factory_not_called"]
        raise SettingsError("\n".join(lines)) from None
    if lines:
        raise SettingsError("\n".join(lines))
    return settings


def _unknown() -> Iterator[str]:
    names = [PREFIX + name.upper() for name in Settings.model_fields]
    for name in sorted(os.environ):
        if name.upper().startswith(PREFIX) and name.upper() not in names and not name.startswith(OF_THE_TESTS):
            close = difflib.get_close_matches(name.upper(), names, n=1)
            instead = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(names)}."
            yield f"{name} is not a setting of Chorus: {instead}"


def _line(mistake: ErrorDetails) -> str:
    if not mistake["loc"]:
        return mistake["msg"].removeprefix("Value error, ")
    name = str(mistake["loc"][0])
    field = Settings.model_fields[name]
    shown = f"{str(mistake['input'])[:80]!r}" if field.repr else "not valid"
    return f"{PREFIX}{name.upper()} is {shown}: allowed is {allowed(field)}."


def allowed(field: FieldInfo) -> str:
    """In words, what a variable may be."""
    return str(cast("dict[str, object]", field.json_schema_extra)["allowed"])


def _kept_key(path: Path) -> str:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        # Written elsewhere and linked into place, so that of two who come at once both read the same whole key.
        fresh = path.with_name(f"secret.{secrets.token_hex(8)}")
        fresh.touch(mode=0o600)
        fresh.write_text(secrets.token_urlsafe(48))
        with suppress(FileExistsError):
            path.hardlink_to(fresh)
        fresh.unlink()
    key = path.read_text().strip()
    if len(key) < KEY_CHARACTERS:
        raise SettingsError(f"{path} holds no key of {KEY_CHARACTERS} characters: remove it, and a new one is made.")
    return key
