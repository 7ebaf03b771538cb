"""Decrypted callbacks as WeCom's documents show them, made short for tests."""

from engine.wecom import xml

AT = 1403610513
HEAD: dict[str, str | int | list[str]] = {
    "ToUserName": "ww1",
    "FromUserName": "sys",
    "CreateTime": AT,
    "MsgType": "event",
}


def callback(event: str, change: str, **fields: str | int | list[str]) -> xml.Fields:
    """A callback that went through the XML writer and reader, as a real one does."""
    return xml.read(xml.write({**HEAD, "Event": event, "ChangeType": change, **fields}).encode())


def contact(change: str, **fields: str | int | list[str]) -> xml.Fields:
    return callback("change_external_contact", change, **{"UserID": "lin", "ExternalUserID": "wmA", **fields})


def chat(change: str, **fields: str | int | list[str]) -> xml.Fields:
    return callback("change_external_chat", change, **{"ChatId": "wr1", **fields})


def members(detail: str, changed: str | list[str], before: str, after: str, **fields: str | int) -> xml.Fields:
    count = len(changed.split(",")) if isinstance(changed, str) else len(changed)
    given: dict[str, str | int | list[str]] = {"MemChangeCnt": count, **fields}
    return chat("update", UpdateDetail=detail, MemChangeList=changed, LastMemVer=before, CurMemVer=after, **given)
