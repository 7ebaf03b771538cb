"""What `dev` makes up at its first start and keeps in `DIR/secrets.json`, readable by its owner only."""

import base64
import json
import secrets
import string
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path

from engine.secrets.keyring import new_key
from workflows.service.folder import write_private

# Without characters that are mistaken for one another when read aloud or copied by hand.
LEGIBLE = "".join(sorted(set(string.ascii_lowercase + string.digits) - set("il1o0")))


@dataclass(frozen=True)
class KeptSecrets:
    """The secrets of one folder. `api_key` has full scope, `events_key` (simulator, demo) may only send events."""

    instance: str
    secret_key: str
    admin_password: str
    api_key: str
    events_key: str
    database_password: str
    wecom_secret: str
    wecom_token: str
    wecom_aes_key: str
    password_shown: bool = False


def mark_shown(path: Path, kept: KeptSecrets) -> None:
    """Remember that a person was told the password."""
    _write(path, replace(kept, password_shown=True))


def load_or_make(path: Path) -> KeptSecrets:
    """Read the secrets; make those that are missing and keep them."""
    kept = json.loads(path.read_text()) if path.exists() else {}
    known = {field.name for field in fields(KeptSecrets)}
    result = KeptSecrets(**{**asdict(_fresh()), **{name: value for name, value in kept.items() if name in known}})
    if asdict(result) != kept:
        _write(path, result)
    return result


def _write(path: Path, kept: KeptSecrets) -> None:
    write_private(path, json.dumps(asdict(kept), indent=2) + "\n")


def _fresh() -> KeptSecrets:
    return KeptSecrets(
        instance=secrets.token_hex(8),
        secret_key=new_key(),
        admin_password="-".join("".join(secrets.choice(LEGIBLE) for _ in range(4)) for _ in range(4)),
        api_key=f"way_{secrets.token_urlsafe(32)}",
        events_key=f"way_{secrets.token_urlsafe(32)}",
        database_password=secrets.token_urlsafe(24),
        wecom_secret=secrets.token_urlsafe(32),
        wecom_token=secrets.token_hex(12),
        wecom_aes_key=base64.b64encode(secrets.token_bytes(32)).decode().rstrip("="),
    )
