"""`python -m bench.beside PORT`: the web role with an endpoint more that does nothing, behind the same authentication.

Where things are comes from the environment, as for the role itself.
"""

from __future__ import annotations

import sys
from typing import Annotated

import uvicorn
from fastapi import Depends

from ui.app import Dependencies, create_app
from ui.http.auth import Caller, require
from ui.http.routing import api_router
from workflows.service.parts import Parts
from workflows.service.ports import LOOPBACK
from workflows.service.settings import Settings

EMPTY = "/api/v1/nothing"
SCOPE = "decisions"

router = api_router(tags=["Bench"])


@router.post(EMPTY)
def do_nothing(_caller: Annotated[Caller, Depends(require(SCOPE))]) -> dict[str, str]:
    """Answer whoever may ask for decisions."""
    return {}


def main() -> None:
    """Serve until SIGTERM."""
    settings = Settings.read()
    parts = Parts.of(settings, "web")
    app = create_app(
        Dependencies(database=parts.database, clock=parts.clock, keys=parts.keys, catalogue=parts.catalogue)
    )
    app.include_router(router)
    uvicorn.run(app, host=LOOPBACK, port=int(sys.argv[1]), log_config=None, access_log=False, server_header=False)


if __name__ == "__main__":
    main()
