"""The kinds of channels (DOMAIN.md, Channels). The class of a kind is the first word of its group."""

from __future__ import annotations

from collections.abc import Mapping

from rules.types import Title

CHANNEL_CLASSES: Mapping[str, tuple[str, ...]] = {
    "store": ("pos", "receipt", "shelf", "poster", "spoken"),
    "mall": ("banner", "popup", "payment_success", "service", "order_page"),
    "wechat": ("official_account", "video_channel", "search", "moments", "mini_program_card"),
    "people": ("associate", "referral"),
    "other": ("link", "live", "sms", "partner"),
}
CHANNEL_KINDS: Mapping[str, str] = {kind: name for name, kinds in CHANNEL_CLASSES.items() for kind in kinds}
"""Kind to class."""

CLASS_TITLES: Mapping[str, Title] = {
    "store": Title(zh="门店", en="Store"),
    "mall": Title(zh="商城", en="Mall"),
    "wechat": Title(zh="微信", en="WeChat"),
    "people": Title(zh="人", en="People"),
    "other": Title(zh="其他", en="Other"),
}
KIND_TITLES: Mapping[str, Title] = {
    "pos": Title(zh="收银码", en="Till code"),
    "receipt": Title(zh="小票码", en="Receipt code"),
    "shelf": Title(zh="货架码", en="Shelf code"),
    "poster": Title(zh="海报码", en="Poster code"),
    "spoken": Title(zh="口头介绍", en="Told by the associate"),
    "banner": Title(zh="横幅", en="Banner"),
    "popup": Title(zh="弹窗", en="Pop-up"),
    "payment_success": Title(zh="支付成功页", en="Payment page"),
    "service": Title(zh="客服", en="Customer service"),
    "order_page": Title(zh="订单页", en="Order page"),
    "official_account": Title(zh="公众号", en="Official account"),
    "video_channel": Title(zh="视频号", en="Video channel"),
    "search": Title(zh="搜一搜", en="WeChat search"),
    "moments": Title(zh="朋友圈", en="Moments"),
    "mini_program_card": Title(zh="小程序卡片", en="Mini-program card"),
    "associate": Title(zh="导购", en="Associate"),
    "referral": Title(zh="老带新", en="Referral"),
    "link": Title(zh="链接", en="Link"),
    "live": Title(zh="直播", en="Live stream"),
    "sms": Title(zh="短信", en="Text message"),
    "partner": Title(zh="异业合作", en="Partner"),
}
