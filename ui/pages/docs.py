"""`/docs`: the description of the API, from files that come with the install, under our policy for scripts."""

from pathlib import Path

import fastapi_offline
from fastapi import APIRouter, Request
from fastapi.openapi.docs import get_swagger_ui_html
from starlette.responses import HTMLResponse

from ui.http.security import nonce_of

FILES = Path(fastapi_offline.__file__).parent / "static"
FILES_URL = "/static-docs"

router = APIRouter()


@router.get("/docs")
def show(request: Request) -> HTMLResponse:
    """Swagger UI; its own inline script is given the nonce of this answer."""
    page = get_swagger_ui_html(
        openapi_url=str(request.app.openapi_url),
        title="Waystation API",
        swagger_js_url=f"{FILES_URL}/swagger-ui-bundle.js",
        swagger_css_url=f"{FILES_URL}/swagger-ui.css",
        swagger_favicon_url=f"{FILES_URL}/favicon.png",
    )
    text = bytes(page.body).decode().replace("<script", f'<script nonce="{nonce_of(request)}"')
    return HTMLResponse(text)
