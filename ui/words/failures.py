"""Why an effect failed, in the reader's language, for the codes of the activity types that come with us.

WeCom's refusals are told by their errcode. What a type of somebody else says stands as it was said.
"""

import re

from engine.wecom.errors import policy
from ui.messages import Language, known, text

_WECOM = re.compile(
    r"WeCom (?P<api>\S+): (?:errcode (?P<errcode>-?\d+)|no usable answer): .*?(?:\(hint (?P<hint>\w+)\))?"
)
_SAID = re.compile(r"(?P<code>[a-z][a-z0-9-]*): (?P<message>.+)", re.DOTALL)


def failure(message: str, language: Language, code: str = "") -> str:
    """The reason in words. Without a code, the message may begin with one, as effects keep it."""
    said = None if code else _SAID.fullmatch(message)
    if said:
        code, message = said["code"], said["message"]
    found = _of_wecom(message, language) or _of_code(code, message, language)
    if found is None:
        return f"{code}: {message}" if said else message
    return found


def _of_wecom(message: str, language: Language) -> str | None:
    found = _WECOM.fullmatch(message)
    if found is None:
        return None
    if found["errcode"] is None:
        return text(language, "failure.wecom_unanswered", api=found["api"])
    reason = text(language, f"failure.wecom_{policy(int(found['errcode'])).name.lower()}")
    told = text(language, "failure.wecom", api=found["api"], errcode=found["errcode"], reason=reason)
    return f"{told} (hint {found['hint']})" if found["hint"] else told


def _of_code(code: str, message: str, language: Language) -> str | None:
    if re.fullmatch(r"http-\d{3}", code):
        return text(language, "failure.http", status=code.removeprefix("http-"))
    key = f"failure.{code}"
    return text(language, key, message=message) if known(language, key) else None
