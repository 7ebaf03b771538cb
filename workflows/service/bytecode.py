"""Where the roles keep their compiled code when Python keeps none beside the source.

Python compiles each file once and keeps the result in `__pycache__`. Where PYTHONDONTWRITEBYTECODE forbids that, or an
installation belongs to somebody else, each role would compile its libraries anew at each start, for many seconds.
"""

import os
from collections.abc import Callable, Mapping
from importlib.util import cache_from_source
from pathlib import Path

import pydantic

from workflows.service.folder import Folder

LIBRARY = Path(pydantic.__file__)
"""Every role loads it: where it is compiled, so are the others."""
NAME = "bytecode"


def may_be_made(path: Path) -> bool:
    """Say whether this user may write the file, with folders above it that are still missing."""
    above = next(folder for folder in path.parents if folder.exists())
    return os.access(above, os.W_OK | os.X_OK)


def bytecode_environment(
    inherited: Mapping[str, str],
    folder: Folder,
    source: Path = LIBRARY,
    *,
    allowed: Callable[[Path], bool] = may_be_made,
) -> dict[str, str]:
    """Return what roles are told so that compiled code is kept: nothing where it lies beside the source, or will.

    Else it is kept in the service's own folder, from where it may be removed. `source` is a file of a library;
    `allowed` tells whether a file may be written.
    """
    cached = Path(cache_from_source(str(source)))
    forbidden = bool(inherited.get("PYTHONDONTWRITEBYTECODE"))
    if cached.exists() or (not forbidden and allowed(cached)):
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(folder.part(NAME))}
