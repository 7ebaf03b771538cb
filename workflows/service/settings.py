"""All settings of the roles. `server.py` reads them once and passes them on."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from engine.definitions.kinds import KINDS
from engine.retention.keep import Keep
from workflows.service.errors import MisconfiguredError


class WecomApp(BaseModel):
    """One WeCom app, as `WAYSTATION_WECOM_APPS` describes it."""

    model_config = ConfigDict(extra="forbid", coerce_numbers_to_str=True)

    corp_id: str
    agent_id: str
    secret: str
    token: str
    aes_key: str


class Settings(BaseSettings):
    """`WAYSTATION_*` in the environment or in `.env`. Temporal's settings are read by its own library."""

    model_config = SettingsConfigDict(env_prefix="WAYSTATION_", env_file=".env", extra="ignore", env_ignore_empty=True)

    database_url: str | None = None
    secret_key: SecretStr | None = None
    public_url: str = "http://127.0.0.1:8400"
    bootstrap_api_key: SecretStr | None = None
    bootstrap_password: SecretStr | None = None
    first_password: SecretStr | None = None
    events_api_key: SecretStr | None = None
    wecom_base_url: str = "https://qyapi.weixin.qq.com"
    wecom_apps: dict[str, WecomApp] = {}
    webhook_allow_private: bool = False
    temporal_ui_url: str | None = None
    log_style: Literal["console", "json"] | None = None
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    ready_file: Path | None = None
    keep_events_days: Annotated[int, Field(ge=400)] = 1100
    keep_run_details_days: Annotated[int, Field(ge=30)] = 400
    keep_runs_days: Annotated[int, Field(ge=400)] = 1100
    keep_funnel_days: Annotated[int, Field(ge=400)] = 3660
    keep_decisions_days: Annotated[int, Field(ge=30)] = 400
    keep_audit_days: Annotated[int, Field(ge=365)] = 3660
    approvals: str = ""
    metrics_host: str = "127.0.0.1"
    metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None
    temporal_metrics_port: Annotated[int, Field(ge=1, le=65535)] | None = None

    @classmethod
    def read(cls) -> Self:
        """Read them. Raises MisconfiguredError, which names what is wrong without its value: that may be secret."""
        try:
            return cls()
        except ValidationError as error:
            wrong = [("_".join(map(str, one["loc"])), one["msg"]) for one in error.errors()]
            told = "; ".join(f"WAYSTATION_{where.upper()}: {message}" for where, message in wrong)
            raise MisconfiguredError(f"a setting cannot be used: {told}") from None
        except SettingsError as error:
            raise MisconfiguredError(f"a setting cannot be used: {error}") from None

    @field_validator("database_url")
    @classmethod
    def _is_postgresql(cls, url: str | None) -> str | None:
        if url is not None and not url.startswith(("postgresql://", "postgresql+psycopg://", "postgres://")):
            raise ValueError("must begin with postgresql:// (no other database is supported)")
        return url

    def given(self, name: str) -> str | None:
        """Return a setting that somebody made, in the environment or in `.env`; None for a default."""
        return getattr(self, name) if name in self.model_fields_set else None

    def keep(self) -> Keep:
        """Return how long what is kept for a time is kept."""
        names = ("events", "run_details", "runs", "funnel", "decisions", "audit")
        return Keep(**{name: timedelta(days=getattr(self, f"keep_{name}_days")) for name in names})

    def apps(self) -> dict[str, dict[str, str]]:
        """Return the WeCom apps as plain mappings."""
        return {name: app.model_dump() for name, app in self.wecom_apps.items()}

    def kinds_to_approve(self) -> frozenset[str]:
        """Return the kinds of definitions that need a second person."""
        return frozenset(filter(None, (kind.strip() for kind in self.approvals.split(","))))

    @field_validator("approvals")
    @classmethod
    def _are_kinds(cls, text: str) -> str:
        unknown = {kind.strip() for kind in text.split(",")} - {"", *KINDS}
        if unknown:
            raise ValueError(f"no kinds: {', '.join(sorted(unknown))}; there are {', '.join(KINDS)}")
        return text

    def needed_database_url(self) -> str:
        """Return the database's address. Raises MisconfiguredError when there is none."""
        if not self.database_url:
            raise MisconfiguredError("WAYSTATION_DATABASE_URL is not set: give the address of a PostgreSQL database")
        return self.database_url


def plain(secret: SecretStr | None) -> str | None:
    """Return a secret's text."""
    return secret.get_secret_value() if secret else None
