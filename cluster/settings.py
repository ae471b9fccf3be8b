"""All settings, each a row with its unit, default and meaning. The only reader of the environment.

A value comes from the variable `MALL_<NAME>`, else from what `mall up` wrote down in the state folder, else from
its default.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from models.world.errors import BadInput, NotInstalled
from pipelines.objects import ObjectStoreAddress

STATE_FILE = "services.json"


def _row(default: Any, help_text: str, unit: str = "", **bounds: Any) -> Any:
    return Field(default, description=help_text, json_schema_extra={"unit": unit}, **bounds)


class Settings(BaseSettings):
    """Every setting of the product."""

    model_config = SettingsConfigDict(env_prefix="MALL_", extra="ignore", frozen=True)

    home: Path = _row(Path(".mall"), "state folder of the embedded services")
    database_admin: SecretStr | None = _row(None, "DSN that migrates the schema and loads the site")
    database_ingest: SecretStr | None = _row(None, "DSN that writes video, ledgers and people")
    database_read: SecretStr | None = _row(None, "DSN that asks questions")
    s3_endpoint: str | None = _row(None, "URL of the S3 server; empty: the embedded one")
    s3_region: str = _row("us-east-1", "region of the S3 server")
    s3_bucket: str = _row("mall", "bucket of video and raw results")
    s3_access_key: str | None = _row(None, "access key of the S3 server")
    s3_secret_key: SecretStr | None = _row(None, "secret key of the S3 server")
    ray_address: str | None = _row(None, "address of the Ray cluster; empty: the embedded one")
    ray_token_file: Path | None = _row(None, "file with the Ray cluster's token")
    ray_dashboard: str | None = _row(None, "URL for `ray job submit`")
    serve_port: int = _row(0, "port of the HTTP API; 0: a free one, kept over restarts", ge=0, le=65535)
    serve_url: str | None = _row(None, "URL of the HTTP API")
    api_key: SecretStr | None = _row(None, "key of this machine's own client")
    sample_fps: float = _row(1.0, "how often a picture is looked at, at the most", "1/s", gt=0, le=30)
    longest_step_s: float = _row(
        2.0,
        "where somebody is, a picture is looked at as often as this at least, and more often where it is doubtful who is who",
        "s",
        gt=0,
    )
    empty_step_s: float = _row(4.0, "where nobody is, a picture is looked at as often as this at least", "s", gt=0)
    detector: str = _row("mall-people", "weights of the detector: a known name or a path")
    reidentification: str = _row(
        "mall-reidentifier",
        "weights that tell people apart by their looks: a known name or a path, or `colours` for none",
    )
    min_group: int = _row(5, "smallest group of people shown in aggregates", "people", ge=1)
    decode_memory_mb: int = _row(1024, "memory limit of one decoding process", "MB", ge=128)
    decode_stall_s: float = _row(60.0, "a decoder without progress for longer is ended", "s", gt=0)
    lease_s: float = _row(120.0, "how long claimed work is nobody else's without a sign of life", "s", gt=0)
    warm_camera_minutes: float = _row(
        10.0, "extraction requests up to this much video are worked on at once", "min", ge=0
    )
    stall_s: float = _row(900.0, "the work on a request ends after so long without progress", "s", gt=0)
    budget_camera_hours: float = _row(200.0, "most video that one question may have extracted", "h", gt=0)
    max_queued_requests: int = _row(100, "most extraction requests that may wait; more are refused", ge=1)
    webhook_secret: SecretStr | None = _row(None, "signs webhooks; whoever gets them checks with it")
    webhook_private: bool = _row(False, "whether webhooks may go into the own network")
    retention: bool = _row(
        False, "whether the handler exports days that are over, moves and deletes old ones by itself, once a day"
    )
    statement_timeout_s: float = _row(30.0, "longest time of one database statement of a question", "s", gt=0)

    @classmethod
    def load(cls, home: Path | None = None) -> "Settings":
        """The settings of this process. Raises BadInput naming the variable that cannot be used."""
        try:
            return cls() if home is None else cls(home=home.absolute())
        except ValidationError as error:
            first = error.errors()[0]
            name = f"MALL_{'_'.join(str(part) for part in first['loc'])}".upper()
            raise BadInput(f"the setting {name} cannot be used: {first['msg']}; got {first['input']!r}") from None

    @classmethod
    def of(cls, variables: Mapping[str, str]) -> "Settings":
        """The settings that these variables describe, whatever the environment of this process says."""
        given = {name.removeprefix("MALL_").lower(): value for name, value in variables.items()}
        return cls(**{name: value for name, value in given.items() if name in cls.model_fields})  # type: ignore[arg-type]

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments before the environment before the state folder."""
        return init_settings, env_settings, _StateFolder(settings_cls, init_settings, env_settings)

    def objects(self) -> ObjectStoreAddress:
        """Where the object store is. Raises NotInstalled before `mall up`."""
        if not (self.s3_endpoint and self.s3_access_key and self.s3_secret_key):
            raise NotInstalled("no object store is known; start the services with: mall up")
        secret = self.s3_secret_key.get_secret_value()
        return ObjectStoreAddress(self.s3_endpoint, self.s3_bucket, self.s3_access_key, secret, self.s3_region)

    def needed(self, name: str) -> str:
        """The value of a setting that `mall up` fills in. Raises NotInstalled before that."""
        value = getattr(self, name)
        if value is None:
            raise NotInstalled(
                f"{name.replace('_', ' ')} is not known; start the services with: mall up (or set MALL_{name.upper()})"
            )
        return str(value.get_secret_value()) if isinstance(value, SecretStr) else str(value)


class _StateFolder(PydanticBaseSettingsSource):
    """What `mall up` wrote down."""

    def __init__(self, settings: type[BaseSettings], *sources: PydanticBaseSettingsSource) -> None:
        super().__init__(settings)
        self._sources = sources

    def get_field_value(self, field: Any, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002
        """Unused: all values come at once."""
        return None, field_name, False

    def __call__(self) -> dict[str, Any]:
        given = {name: value for source in reversed(self._sources) for name, value in source().items()}
        home = Path(given.get("home", Settings.model_fields["home"].default)).absolute()
        return {"home": home, **read_state(home)}


def read_state(home: Path) -> dict[str, Any]:
    """The settings that `mall up` wrote down in the state folder; empty before the first `mall up`."""
    try:
        return dict(json.loads((home / STATE_FILE).read_text()))
    except FileNotFoundError:
        return {}


def write_state(home: Path, values: dict[str, Any]) -> None:
    """Write down what the embedded services are reached by; readable by the owner alone, whole or not at all."""
    home.mkdir(parents=True, exist_ok=True)
    fresh = home / f"{STATE_FILE}.{os.getpid()}"
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump(values, file, indent=1, sort_keys=True)
    fresh.replace(home / STATE_FILE)


def table() -> list[tuple[str, str, str, str]]:
    """Every setting as (variable, default, unit, meaning), for the documentation."""
    rows = []
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        unit = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
        rows.append(
            (f"MALL_{name.upper()}", "" if field.default is None else str(field.default), unit, field.description or "")
        )
    return rows
