"""Static files, named with a digest of their content, so that browsers may keep them for a year."""

import hashlib
from functools import cache
from pathlib import Path

from fastapi.staticfiles import StaticFiles
from starlette.responses import Response
from starlette.types import Scope

STATIC = Path(__file__).parents[1] / "static"


def static_url(path: str) -> str:
    """The address of a file below `ui/static`; one that changed has another address.

    Files below `vendor/` may be missing in a fresh checkout that never started: their address carries no digest.
    """
    file = STATIC / path
    return f"/static/{path}?v={_digest(file)}" if file.exists() else f"/static/{path}"


@cache
def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]


class LastingStaticFiles(StaticFiles):
    """Static files; a request that names the content's digest may be answered from a cache for ever."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        if scope["query_string"].startswith(b"v="):
            response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
        return response
