"""Pages from templates. Autoescape is always on, an unknown name in a template is an error."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import cast
from urllib.parse import parse_qsl, quote, urlencode

from fastapi import Request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import HTMLResponse, Response

from engine.access.roles import Viewer
from ui.dependencies import dependencies
from ui.http.problems import Problem
from ui.http.security import nonce_of
from ui.http.static_files import static_url
from ui.messages import LANGUAGES, Language, text
from ui.rulesets.unmet import unmet
from ui.words import alerts, wording
from ui.words.choices import choice
from ui.words.effects import plain
from ui.words.failures import failure
from ui.words.people import name_of
from ui.words.problems import told
from ui.words.refusing import refusing

TEMPLATES = Path(__file__).parent.parent / "templates"
THEMES = ("light", "dark")
LANGUAGE_COOKIE = "waystation_lang"
THEME_COOKIE = "waystation_theme"
_YEAR = 365 * 24 * 3600


@dataclass(frozen=True)
class Taste:
    """The language and theme of a page; no theme means that of the reader's system."""

    language: Language
    theme: str | None


def taste_of(request: Request, viewer: Viewer | None) -> Taste:
    """What the address asks for, else what this browser remembers, else what the user chose, else Chinese."""
    language = _first(LANGUAGES, request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE))
    theme = _first(THEMES, request.query_params.get("theme"), request.cookies.get(THEME_COOKIE))
    if viewer:
        language = language or _first(LANGUAGES, viewer.language)
        theme = theme or _first(THEMES, viewer.theme)
    return Taste(cast("Language", language or "zh"), theme)


def _first(allowed: tuple[str, ...], *wanted: str | None) -> str | None:
    return next((value for value in wanted if value in allowed), None)


@cache
def environment() -> Environment:
    """The templates, with what every one of them may use."""
    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.do"],
    )
    made.filters.update(
        number=wording.number, share=wording.share, clip=wording.clip, tojson_text=wording.plain_json, quoted=_quoted
    )
    made.globals.update(icon=wording.icon, event_icon=wording.event_icon, static_url=static_url)
    return made


def _quoted(part: str) -> str:
    """A part of an address or of an id, from any text: a document may hold half a surrogate pair."""
    return quote(part, safe="/", errors="replace")


def render(
    request: Request,
    template: str,
    context: Mapping[str, object],
    *,
    viewer: Viewer | None = None,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """A page or fragment. Remembers the language and theme that the address asked for."""
    taste = taste_of(request, viewer)
    deps = dependencies(request)
    speaking = _speaking(taste.language, deps.clock.now())
    speaking["activity_word"] = partial(wording.activity, catalogue=deps.catalogue, language=taste.language)
    page = {"request": request, "viewer": viewer, "taste": taste, "nonce": nonce_of(request), "demo": deps.demo}
    with_address = {"here": request.url.path, "address": partial(_address, request)}
    html = environment().get_template(template).render({**speaking, **page, **with_address, **context})
    response = HTMLResponse(
        html.encode("utf-8", "replace"), status, dict(headers or {})
    )  # drafts may hold half surrogates
    remember_taste(request, response)
    return response


def error_page(request: Request, problem: Problem, *, detailed: bool) -> HTMLResponse:
    """A page that says what went wrong and what to do; `detailed` adds the words that programs get."""
    kind = str(problem.status_code) if problem.status_code in (403, 404, 409, 429, 503) else "other"
    language = taste_of(request, None).language
    said = told(problem.detail, language) if detailed else None
    context = {
        "problem": problem,
        "kind": kind,
        "said": said,
        "detail": problem.detail if detailed else None,
        "errors": problem.errors if detailed else (),
    }
    return render(request, "error.html", context, status=problem.status_code, headers=problem.headers)


def _speaking(language: Language, now: datetime) -> dict[str, object]:
    """The functions that depend on the page's language and time."""
    return {
        "t": partial(text, language),
        "now": now,
        "full_instant": wording.full_instant,
        "instant": partial(wording.instant, now=now),
        "precise_instant": partial(wording.precise_instant, now=now),
        "parse_instant": datetime.fromisoformat,
        "distance": partial(wording.distance, now=now, language=language),
        "duration": partial(wording.duration, language=language),
        "title": partial(wording.title, language=language),
        "port": partial(wording.port, language=language),
        "stuck_word": partial(wording.reason, language=language),
        "attribute_word": partial(wording.attribute, language=language),
        "failure_word": partial(failure, language=language),
        "refusing_word": partial(refusing, language=language),
        "plain_word": partial(plain, language=language),
        "fate_word": partial(wording.fate, language=language),
        "event_word": partial(wording.event, language=language),
        "unmet": partial(unmet, language=language),
        "alert_facts": partial(alerts.facts, language=language),
        "outcome_word": partial(wording.outcome, language=language),
        "choice_word": partial(choice, language=language),
        "actor_name": partial(name_of, language=language),
    }


def _address(request: Request, **changes: object) -> str:
    """This page's address with some parameters changed; None takes one away."""
    kept = [(name, value) for name, value in parse_qsl(request.url.query) if name not in changes]
    added = [(name, str(value)) for name, value in changes.items() if value is not None]
    query = urlencode(kept + added)
    return request.url.path + (f"?{query}" if query else "")


def remember_taste(request: Request, response: Response) -> None:
    """Keeps the language and theme that the address asks for in this browser."""
    secure = dependencies(request).secure
    for parameter, cookie, allowed in (("lang", LANGUAGE_COOKIE, LANGUAGES), ("theme", THEME_COOKIE, THEMES)):
        if value := _first(allowed, request.query_params.get(parameter)):
            response.set_cookie(cookie, value, max_age=_YEAR, httponly=True, samesite="lax", secure=secure)
