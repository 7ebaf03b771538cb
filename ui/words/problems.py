"""A refusal in the words of a page. The API says what is wrong in English; here stands which message says the same.

Only the sentences that pages can show are known. Values in them, such as a status, are told in words where there are
words.
"""

import re

from ui.messages import Language, known, text

_SENTENCES: tuple[tuple[str, str], ...] = (
    (r"Only a run that is stuck can be given (?P<operator>\w+); this one is (?P<status>\w+)\.", "not_stuck"),
    (r"The node (?P<node>\S+) has no port '(?P<port>.*)'; it has .*\.", "no_port"),
    (r"An earlier order has not been taken yet; try again shortly\.", "order_waits"),
    (r"This run is paused already\.", "run_paused"),
    (r"This run is not paused itself; a paused journey is resumed as a whole\.", "run_not_paused"),
    (r"This run is (?P<status>\w+): nothing can be done to it any more\.", "run_over"),
    (r"There is no run (?P<id>\d+)(?: in sight)?\.", "no_run"),
    (r"The journey (?P<journey>\S+) is paused already\.", "journey_paused"),
    (r"The journey (?P<journey>\S+) is not paused\.", "journey_not_paused"),
    (r"The journey (?P<journey>\S+) is retired already\.", "journey_retired"),
    (r"No version of journey/(?P<journey>\S+) was published\.", "journey_unpublished"),
    (r"There is no journey '(?P<journey>.*)'(?: with a version (?P<version>\d+))?\.", "no_journey"),
    (r"Only a job that waits or runs can be stopped; this one is (?P<status>\w+)\.", "job_not_running"),
    (r"Only a job that was stopped or failed can be continued; this one is (?P<status>\w+)\.", "job_not_stopped"),
    (r"Another job of this kind waits already and will do the same\.", "job_waits"),
    (r"There is no job (?P<id>\d+) in sight\.", "no_job"),
    (r"No WeCom app is set up to sync with: describe one in WAYSTATION_WECOM_APPS and restart\.", "no_app"),
    (r"There is no WeCom app '(?P<app>.*)'; there are (?P<apps>.*)\.", "unknown_app"),
    (r"This concerns every store: it is for people of headquarters who may change things\.", "headquarters"),
    (r"There is no member (?P<id>\d+)\.", "no_member"),
    (r"There is no alert (?P<id>\d+)\.", "no_alert"),
    (r"This member is not parked any more\.", "not_parked"),
    (r"The role (?P<role>\w+) may look, and change nothing\.", "may_look"),
    (
        r"(?:Journeys|.+) (?:hold|holds) for the whole chain: whoever is bound to a region or store may only look\.",
        "chain",
    ),
    (r"This filter cannot be read\. Go back to the list and filter anew\.", "filter"),
    (r"Give the `next` of the page before as `cursor`\.", "cursor"),
    (r"The request cannot be used; see errors\.", "form"),
    (r"The request holds a value that cannot be kept: .*", "form"),
    (r"Others change the same things at this moment\. Try again shortly\.", "contended"),
    (r"The database does not answer\. Try again in a moment\.", "database"),
    (r"Something went wrong on our side\. It has been logged\.", "ours"),
    (r"This request was sent by another site's page\. Open ours and try again there\.", "elsewhere"),
    (r"The body is larger than 4 MiB\. Send it in smaller parts\.", "large"),
)
_IN_WORDS = frozenset({"operator", "status", "role", "port"})
"""The values that have words of their own, under these beginnings of keys."""
_KNOWN = tuple((re.compile(pattern, re.DOTALL), name) for pattern, name in _SENTENCES)


def told(detail: str, language: Language) -> str | None:
    """The same in the page's language; None for a sentence that is not known here."""
    if language == "en":
        return detail
    for pattern, name in _KNOWN:
        if found := pattern.fullmatch(detail):
            values = {kind: _word(kind, value or "", language) for kind, value in found.groupdict().items()}
            return text(language, f"refused.{name}", **values)
    return None


def _word(kind: str, value: str, language: Language) -> str:
    key = f"{kind}.{value}"
    return text(language, key) if kind in _IN_WORDS and known(language, key) else value
