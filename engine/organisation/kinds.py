"""The kinds of channels (DOMAIN.md, Channels). The class of a kind is the first word of its group."""

from __future__ import annotations

from collections.abc import Mapping

CHANNEL_CLASSES: Mapping[str, tuple[str, ...]] = {
    "store": ("pos", "receipt", "shelf", "poster", "spoken"),
    "mall": ("banner", "popup", "payment_success", "service", "order_page"),
    "wechat": ("official_account", "video_channel", "search", "moments", "mini_program_card"),
    "people": ("associate", "referral"),
    "other": ("link", "live", "sms", "partner"),
}
CHANNEL_KINDS: Mapping[str, str] = {kind: name for name, kinds in CHANNEL_CLASSES.items() for kind in kinds}
"""Kind to class."""
