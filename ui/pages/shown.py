"""What people type to name a member: the number as pages show it (#17), a plain phone number, or an identity."""

import re

MARKS = "#＃"
"""Before a number; the second is how Chinese keyboards write it."""

_PHONE = re.compile(r"(?:\+?86)?(1\d{10})")


def meant(given: str) -> str:
    """The internal number, or the identity: a mainland phone number needs neither its kind nor a fixed spelling."""
    written = given.strip()
    if written[:1] and written[0] in MARKS:
        return written[1:].strip()
    phone = _PHONE.fullmatch(re.sub(r"[\s\-()（）]", "", written))
    return f"phone:{phone[1]}" if phone else written
