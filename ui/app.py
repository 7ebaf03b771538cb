"""The web application: pages, the JSON API, and what surrounds both."""

from asgi_cross_origin_protection import CrossOriginProtection
from fastapi import FastAPI
from fastapi.staticfiles import StaticFiles
from starlette.datastructures import State
from starlette_compress import CompressMiddleware

from engine.telemetry.standing import Standing
from ui import api, pages, translations
from ui.dependencies import Dependencies
from ui.http import measures, probes
from ui.http.addresses import CleanAddresses
from ui.http.limits import BodyLimit
from ui.http.problems import Forbidden
from ui.http.request_measures import RequestMeasures
from ui.http.request_traces import REQUEST_SPANS
from ui.http.security import SecurityHeaders
from ui.http.static_files import STATIC, LastingStaticFiles
from ui.pages import docs

__all__ = ["Dependencies", "assemble", "create_app", "equip"]


def create_app(deps: Dependencies) -> FastAPI:
    """The application, ready to be served. All that it needs from outside is in `deps`."""
    app = assemble(secure=deps.secure)
    equip(app, deps)
    return app


def equip(app: FastAPI, deps: Dependencies) -> None:
    """Gives an application what it needs from outside, and takes away whatever it had and remembered before."""
    app.state = State()
    app.state.dependencies = deps
    app.state.standing = Standing(deps.database, deps.clock)


def assemble(*, secure: bool) -> FastAPI:
    """The routes and what surrounds them: all but what comes from outside."""
    app = FastAPI(
        title="Waystation",
        version="1",
        openapi_url="/openapi.json",
        docs_url=None,
        redoc_url=None,
        separate_input_output_schemas=False,
        telemetry=REQUEST_SPANS,
    )
    translations.install(app)
    _add_middleware(app, secure=secure)
    for module in api.MODULES:
        app.include_router(module.router, prefix="/api/v1")
    for outside in api.OUTSIDE:
        app.include_router(outside)
    for page in pages.MODULES:
        app.include_router(page.router, include_in_schema=False)
    app.include_router(probes.router, include_in_schema=False)
    app.include_router(measures.router, include_in_schema=False)
    app.mount(docs.FILES_URL, StaticFiles(directory=docs.FILES), name="static-docs")
    app.mount("/static", LastingStaticFiles(directory=STATIC), name="static")
    return app


def _add_middleware(app: FastAPI, *, secure: bool) -> None:
    """The last one added is the outermost."""
    refusal = Forbidden("This request was sent by another site's page. Open ours and try again there.")
    app.add_middleware(CrossOriginProtection, deny_app=refusal.response())
    app.add_middleware(CleanAddresses)
    app.add_middleware(BodyLimit)
    app.add_middleware(SecurityHeaders, secure=secure)
    app.add_middleware(CompressMiddleware)
    app.add_middleware(RequestMeasures)
