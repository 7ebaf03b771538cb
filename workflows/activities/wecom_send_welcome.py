"""`wecom.send_welcome`: the one message that WeCom lets us send a customer by itself, within 20 s of the add."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from engine.journeys.catalogue import Reference, Retry
from engine.wecom.errors import TryAgainError, WeComError, WelcomeDeliveredError, WelcomeExpiredError
from workflows.activities.outside import Outside
from workflows.activities.registry import ActivityFailure, Effect, Result, activity_type


class GroupQr(BaseModel):
    """A picture with the code of a customer group."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["group_qr"]
    chat: Annotated[str, Reference("chat")]


class Link(BaseModel):
    """A card that opens a page."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["link"]
    title: str = Field(max_length=42)
    url: str
    description: str = ""
    picture: str = ""


class Image(BaseModel):
    """A picture, by address or by the id that WeCom gave it."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["image"]
    picture: str


class MiniProgram(BaseModel):
    """A card that opens a page of a mini-program."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["miniprogram"]
    title: str = Field(max_length=21)
    appid: str
    page: str
    picture: str


class Params(BaseModel):
    """What the customer gets. The code comes with the `contact.added` event."""

    model_config = ConfigDict(extra="forbid")

    welcome_code: str
    text: str = Field(max_length=1300, description="At most 4,000 bytes of UTF-8.")
    attachments: list[Annotated[GroupQr | Link | Image | MiniProgram, Field(discriminator="kind")]] = Field(
        default_factory=list, max_length=9
    )


@activity_type(
    "wecom.send_welcome",
    title={"zh": "发送欢迎语", "en": "Send the welcome message"},
    outcomes=("expired",),
    contact="reply",
    idempotent="receiver",
    retry=Retry(attempts=6, initial=timedelta(seconds=1), max=timedelta(seconds=4)),
    queue="wecom",
    timeout=timedelta(seconds=10),
)
async def wecom_send_welcome(outside: Outside, params: Params, _effect: Effect) -> Result:
    """Send the welcome message to a customer who has just added an associate.

    WeCom takes each code once and for 20 seconds. Leaves through `expired` when that time is over; a customer who has
    been welcomed already counts as done.
    """
    attachments = [attachment.model_dump(exclude_defaults=True) for attachment in params.attachments]
    try:
        await outside.wecom.send_welcome(params.welcome_code, params.text, attachments)
    except WelcomeExpiredError:
        return Result("expired")
    except WelcomeDeliveredError:
        return Result("done")
    except TryAgainError as error:
        raise ActivityFailure(str(error), code="try-again", retry_after=timedelta(seconds=error.retry_after)) from error
    except WeComError as error:
        raise ActivityFailure(str(error), code=f"wecom-{error.code}", final=True) from error
    return Result("done")
