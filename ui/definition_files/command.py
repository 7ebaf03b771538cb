"""One command, from its name to what it tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from engine.journeys.catalogue import Catalogue
from engine.journeys.context import Proofs
from ui.definition_files.applying import apply_files, store_files
from ui.definition_files.offline import check_files, play_files
from ui.definition_files.online import check_with, diff_files, export_files
from ui.definition_files.outcome import Outcome
from ui.definition_files.service import Service, ServiceError

Action = Literal["check", "test", "diff", "apply", "export"]


@dataclass(frozen=True)
class Command:
    """What was asked for; `url` and `key` lead to a service. `drafts`: drafts are stored or written, none published."""

    action: Action
    paths: Sequence[Path]
    language: Literal["zh", "en"] = "en"
    url: str | None = None
    key: str | None = field(default=None, repr=False)
    drafts: bool = False

    def run(self, catalogue: Catalogue, proofs: Proofs | None = None) -> Outcome:
        """Do it. Raises FilesError or ServiceError, whose message tells a person what to do."""
        match self.action:
            case "check" if not self.url:
                return check_files(self.paths, catalogue, self.language, proofs)
            case "test":
                return play_files(self.paths, catalogue, self.language)
        with self._service() as service:
            match self.action:
                case "check":
                    return check_with(self.paths, service, self.language)
                case "diff":
                    return diff_files(self.paths, service, self.language)
                case "apply" if self.drafts:
                    return store_files(self.paths, service, self.language)
                case "apply":
                    return apply_files(self.paths, service, self.language)
                case "export":
                    return export_files(self.paths, service, drafts=self.drafts)

    def _service(self) -> Service:
        if not self.url or not self.key:
            raise ServiceError(
                f"{self.action} asks a service: give --url and --key, or set WAYSTATION_URL and WAYSTATION_API_KEY"
            )
        return Service(self.url, self.key)
