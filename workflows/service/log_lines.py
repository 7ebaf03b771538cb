"""How every role writes its log: one event a line to standard output, for people or as JSON, and nothing personal.

Whatever reaches the log is written here, also what libraries say and what Python itself would print: exceptions
without words that may repeat somebody's data (`engine.telemetry.faults`), warnings without theirs.
"""

import logging
import sys
import threading
import warnings
from collections.abc import MutableMapping
from types import TracebackType
from typing import Any, Literal, TextIO

import structlog

from engine.telemetry.faults import faults, plain_text
from engine.telemetry.traces import current_ids

Style = Literal["console", "json"]
QUIET = {"alembic": logging.WARNING, "httpx": logging.WARNING, "httpcore": logging.WARNING}
_Event = MutableMapping[str, Any]


def configure(style: Style | None = None, level: str = "INFO") -> None:
    """Send structlog and the standard library's loggers the same way. Without a style: for people on a terminal."""
    style = style or ("console" if sys.stdout.isatty() else "json")
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _add_trace,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    foreign: list[structlog.typing.Processor] = [*shared, _first_line]
    handler.setFormatter(structlog.stdlib.ProcessorFormatter(foreign_pre_chain=foreign, processors=_rendering(style)))
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, quietest in QUIET.items():
        logging.getLogger(name).setLevel(quietest)
    _catch_what_python_prints()


def _rendering(style: Style) -> list[structlog.typing.Processor]:
    clean = structlog.stdlib.ProcessorFormatter.remove_processors_meta
    if style == "json":
        return [clean, _render_exception, structlog.processors.JSONRenderer(ensure_ascii=False)]
    return [clean, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty(), exception_formatter=_print_exception)]


def _add_trace(_logger: object, _method: str, event: _Event) -> _Event:
    """The trace in which the line was written, if traces are made."""
    event.update(current_ids())
    return event


def _first_line(_logger: object, _method: str, event: _Event) -> _Event:
    """Below its first line a library shows values: asyncio prints the task that failed with all it was given."""
    event["event"] = str(event["event"]).strip().partition("\n")[0]
    event.pop("stack_info", None)
    return event


def _render_exception(_logger: object, _method: str, event: _Event) -> _Event:
    error = _error_of(event.pop("exc_info", None))
    if error is not None:
        event["exception"] = faults(error)
    return event


def _print_exception(stream: TextIO, given: Any) -> None:
    error = _error_of(given)
    if error is not None:
        stream.write(plain_text(error))


def _error_of(given: object) -> BaseException | None:
    """The exception that a log call was given, in whichever of the ways that `logging` knows."""
    match given:
        case BaseException():
            return given
        case (_, BaseException() as error, _):
            return error
        case None | False:
            return None
        case _:
            return sys.exc_info()[1]


def _catch_what_python_prints() -> None:
    """Log what would end the process or a thread, and warnings by category and place: their texts quote values."""
    log = logging.getLogger("python")

    def uncaught(_kind: type[BaseException], error: BaseException, _trace: TracebackType | None) -> None:
        log.critical("the process ends by an exception", exc_info=error)

    def in_thread(given: threading.ExceptHookArgs) -> None:
        log.error("a thread ends by an exception", exc_info=given.exc_value or True)

    def warned(
        message: Warning | str,  # noqa: ARG001 - the signature of Python's own
        category: type[Warning],
        filename: str,
        lineno: int,
        file: TextIO | None = None,  # noqa: ARG001
        line: str | None = None,  # noqa: ARG001
    ) -> None:
        log.warning("%s at %s:%s", category.__name__, filename, lineno)

    sys.excepthook, threading.excepthook, warnings.showwarning = uncaught, in_thread, warned
