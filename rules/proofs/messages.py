"""The words of proofs, in Chinese and English: what happens first, then where, then what to do."""

from __future__ import annotations

from collections.abc import Sequence

from rules.messages import Message
from rules.proofs.boxes import Words
from rules.proofs.findings import Finding, Severity
from rules.tables.document import Total
from rules.writing import summed

_SHOWN = 10


def finding(code: str, severity: Severity, pointer: str, message: Message, rows: Sequence[str] = ()) -> Finding:
    """A finding without a box."""
    return Finding(code, severity, pointer, message, tuple(rows))


def row_names(ids: Sequence[str]) -> Words:
    """Rows by their ids: "row r6", "rows r6 and r7"."""
    shown = [*ids[:_SHOWN]]
    more = len(ids) - len(shown)
    zh = "、".join(shown) + (f" 等 {len(ids)} 行" if more else "")
    if more:
        shown.append(f"{more} more")
    en = " and ".join([", ".join(shown[:-1]), shown[-1]] if len(shown) > 1 else shown)
    return f"行 {zh}", f"{'row' if len(ids) == 1 else 'rows'} {en}"


def overlap(box: Words, ids: tuple[str, str], hit: str, *, conditional: bool) -> Message:
    rows, where = row_names(ids), _where(conditional)
    if hit == "any":
        return {
            "zh": f"结果不明确，决定会出错：{box[0]}{where[0]} → {rows[0]} 都匹配，结果却不同。"
            "请统一结果，或收窄其中一行。",
            "en": f"The decision is an error: {box[1]}{where[1]} → {rows[1]} both match and give different outputs. "
            "Make them one, or narrow one of the rows.",
        }
    return {
        "zh": f"两行同时匹配，决定会出错：{box[0]}{where[0]} → {rows[0]}。请收窄其中一行。",
        "en": f"Two rows match, and the decision is an error: {box[1]}{where[1]} → {rows[1]}. Narrow one of them.",
    }


def _where(conditional: bool) -> Words:  # noqa: FBT001  a plain word of the sentence
    return ("，且各行条件成立", ", where the conditions of the rows hold") if conditional else ("", "")


_KINDS: dict[str, Words] = {
    "overlap": ("对行同时匹配", "pairs of rows that match together"),
    "hidden-row": ("行永远轮不到", "rows that are never reached"),
    "impossible-row": ("行永远不会匹配", "rows that never match"),
}


def more(code: str, count: int, severity: Severity) -> Finding:
    """The last finding of its code: how many more there are."""
    zh, en = _KINDS[code]
    message = {
        "zh": f"另外还有至少 {count} {zh}。请先处理上面列出的。",
        "en": f"There are at least {count} more {en}. Mend those that are listed first.",
    }
    return finding(code, severity, "/rows", message)


def gap(box: Words, besides: Sequence[str], *, complete: bool, otherwise: bool) -> Message:
    unless = (
        f"，且{row_names(besides)[0]}的条件不成立",
        f", where the conditions of {row_names(besides)[1]} do not hold",
    )
    zh, en = unless if besides else ("", "")
    if otherwise:
        return {
            "zh": f"表格承诺完整，却没有一行匹配：{box[0]}{zh}。请补一行。",
            "en": f"The table promises to be complete, and no row matches: {box[1]}{en}. Add a row.",
        }
    promise = ("表格承诺完整，", "The table promises to be complete, and ") if complete else ("", "")
    return {
        "zh": f"{promise[0]}没有一行匹配，决定会出错：{box[0]}{zh}。请补一行，或写上 otherwise。",
        "en": f"{promise[1]}{'no' if complete else 'No'} row matches, and the decision is an error: {box[1]}{en}. "
        "Add a row, or an `otherwise`.",
    }


MORE_TOTALS: Message = {
    "zh": "还有其他合计不对的情况。请先处理上面列出的。",
    "en": "There are more cases in which the total is wrong. Mend those that are listed first.",
}
MORE_CHANGES: Message = {
    "zh": "还有其他结果会改变的情况。",
    "en": "There are more cases in which the outcome changes.",
}
MORE_GAPS: Message = {
    "zh": "还有其他没有行匹配的情况。请先处理上面列出的。",
    "en": "There are more cases without a row. Mend those that are listed first.",
}


def hidden_row(id_: str, by: Sequence[str]) -> Message:
    rows = row_names(by)
    return {
        "zh": f"行 {id_} 永远轮不到：它匹配时，上面的 {rows[0]} 总是先匹配。请删除它，或移到上面。",
        "en": f"Row {id_} is never reached: whenever it matches, {rows[1]} above it "
        f"{'matches' if len(by) == 1 else 'match'} first. Delete it, or move it up.",
    }


def impossible_row(id_: str, field: Words | None) -> Message:
    if field is None:
        return {
            "zh": f"行 {id_} 永远不会匹配：它的条件互相矛盾。请修改或删除这一行。",
            "en": f"Row {id_} never matches: its conditions contradict each other. Correct or delete it.",
        }
    return {
        "zh": f"行 {id_} 永远不会匹配：没有任何「{field[0]}」能满足它。请修改或删除这一行。",
        "en": f"Row {id_} never matches: no value of {field[1]} will do. Correct or delete it.",
    }


def share_total(box: Words, ids: Sequence[str], called: Words, found: int, total: Total, kind: str) -> Message:
    rows = row_names(ids) if ids else OTHERWISE
    said, whole = summed(found, kind), summed(total.whole, kind)
    exact = (f"应为 {whole}", f"not to {whole}")
    wanted = exact if total.exact is not None else (f"最多 {whole}", f"and {whole} is the most")
    return {
        "zh": f"合计不对，决定会出错：「{called[0]}」合计 {said}，{wanted[0]}：{box[0]} → {rows[0]}。请修改这些行。",
        "en": f"The total is wrong, and the decision is an error: {called[1]} sums to {said}, {wanted[1]}: {box[1]} → "
        f"{rows[1]}. Correct what these rows give.",
    }


def disagree(id_: str, box: Words, field: Words, sides: Sequence[tuple[Words, Words, Sequence[str]]]) -> Message:
    told = [_side(field, side) for side in sides]
    return {
        "zh": f"承诺“{id_}”不成立：{box[0]} → {told[0][0]}，{told[1][0]}。请统一这些行，或写上例外。",
        "en": f"The promise `{id_}` is broken: {box[1]} → {told[0][1]}, {told[1][1]}. Make the rows one, or state the "
        "exception.",
    }


def _side(field: Words, side: tuple[Words, Words, Sequence[str]]) -> Words:
    (zh, en), given, ids = side
    by = row_names(ids) if ids else OTHERWISE
    return f"{field[0]}为 {zh} 时得到 {given[0]}（{by[0]}）", f"{given[1]} when {field[1]} is {en} ({by[1]})"


def changed(box: Words, before: tuple[Words, Sequence[str]], after: tuple[Words, Sequence[str]]) -> Message:
    was, becomes = _outcome(before), _outcome(after)
    return {
        "zh": f"这次修改会改变结果：{box[0]} → 原来{was[0]}，改后{becomes[0]}。",
        "en": f"This edit changes the outcome: {box[1]} → it was {was[1]}, it becomes {becomes[1]}.",
    }


def _outcome(found: tuple[Words, Sequence[str]]) -> Words:
    given, ids = found
    by = row_names(ids) if ids else OTHERWISE
    return (f" {given[0]}（{by[0]}）", f"{given[1]} ({by[1]})") if ids or given != NO_OUTCOME else given


OTHERWISE: Words = ("默认结果", "the default")
NO_OUTCOME: Words = ("没有结果", "no outcome")


_QUESTIONS: dict[str, Words] = {
    "overlap": ("有没有两行同时匹配", "whether two rows match together"),
    "gap": ("有没有情况没有行匹配", "whether every case has a row"),
    "hidden-row": ("有没有轮不到的行", "whether every row can be reached"),
    "impossible-row": ("有没有永远不匹配的行", "whether every row can match"),
    "share-total": ("合计是否总是正确", "whether the total is always right"),
    "disagree": ("承诺是否成立", "whether the promise is kept"),
    "changed": ("结果会在哪些情况下改变", "for whom the outcome changes"),
    "hidden-case": ("有没有走不到的分支", "whether every case can be reached"),
    "impossible-condition": ("有没有永远不成立的条件", "whether every condition can be true"),
}


def not_proved(code: str, pointer: str, ids: Sequence[str] = ()) -> Finding:
    """That a question was left open. Rows are named once, in their order."""
    rows = tuple(dict.fromkeys(ids))
    named = row_names(rows) if rows else ("", "")
    about = (f"({named[0]})", f" ({named[1]})") if rows else ("", "")
    zh, en = _QUESTIONS[code]
    message = {
        "zh": f"没有证明：{zh}{about[0]}。请自行检查，或把条件写得简单些。",
        "en": f"Not proved: {en}{about[1]}. Check it yourself, or write simpler conditions.",
    }
    return finding("not-proved", "warning", pointer, message, rows)
