"""What the audit reads."""

# ruff: noqa: S608 - built from constants

from __future__ import annotations

TURNS = "SELECT run_id, n, answer::text, md5(log::text || reads::text) FROM turns"
ENDED = """
SELECT id, journey, version, status, outcome, ended_at, ended_seq, entry_seq, turn, node, md5(state::text), workflow_id
FROM runs WHERE ended_at IS NOT NULL"""
EFFECTS = "SELECT run_id, node, visit, type, state, port, md5(result_enc), failures FROM effects"
NODES = """
SELECT run_id, line ->> 'node' FROM turns, jsonb_array_elements(log) AS line WHERE line ->> 'kind' = 'entered'"""
OUT = """
SELECT effects.state, runs.ended_at FROM effects JOIN runs ON runs.id = run_id
WHERE run_id || '/' || effects.node || '/' || visit = %(key)s"""
PAUSED = """
SELECT id FROM runs WHERE ended_at IS NULL AND EXISTS (
    SELECT 1 FROM pauses WHERE to_at IS NULL
    AND (run_id = runs.id OR (run_id IS NULL AND pauses.journey = runs.journey)))"""
DOUBLES = """
SELECT member_id, runs.journey FROM runs JOIN bundles ON hash = bundle_hash
WHERE ended_at IS NULL AND status <> 'holdout'
AND COALESCE(content #>> '{document,policies,reentry,mode}', 'after_exit') <> 'always'
GROUP BY 1, 2 HAVING count(*) > 1"""
UNTAKEN = """
SELECT run_id, seq FROM deliveries JOIN runs ON id = run_id WHERE deliveries.state = 'new' AND ended_at IS NULL"""
ORDERS = """
SELECT run_id FROM run_commands JOIN runs ON runs.id = run_id WHERE taken_turn IS NULL AND ended_at IS NULL"""
MEANT = """
SELECT seq FROM events WHERE member_id = %(member)s AND seq > %(entry)s AND type = ANY(%(types)s)
AND routed_at IS NOT NULL"""
CELL = "journey, version, day, store_id, channel_id, associate_id"
PLACE = """runs.journey, runs.version, (runs.entered_at AT TIME ZONE 'Asia/Shanghai')::date,
COALESCE(runs.store_id, 0), COALESCE(runs.channel_id, 0), COALESCE(runs.associate_id, 0)"""
ALL = f"""(SELECT {CELL}, kind, name, times, entered_here FROM funnel_deltas
UNION ALL SELECT {CELL}, kind, name, times, entered_here FROM funnel_sums) AS figures"""
STAGES_COUNTED = f"""
SELECT {CELL}, name, SUM(times)::int, SUM(entered_here)::int FROM {ALL} WHERE kind = 'stage'
GROUP BY {CELL}, name HAVING SUM(times) <> 0"""
STAGES_MEANT = f"""
SELECT {PLACE}, stage, count(*)::int, count(*) FILTER (WHERE entered_here)::int
FROM run_stages JOIN runs ON runs.id = run_id GROUP BY {PLACE}, stage"""
ENDS_COUNTED = f"""
SELECT {CELL}, kind, name, SUM(times)::int FROM {ALL} WHERE kind IN ('outcome', 'holdout')
GROUP BY {CELL}, kind, name HAVING SUM(times) <> 0"""
ENDS_MEANT = f"""
SELECT {PLACE}, CASE status WHEN 'holdout' THEN 'holdout' ELSE 'outcome' END, outcome, count(*)::int
FROM runs WHERE ended_at IS NOT NULL GROUP BY {PLACE}, 7, 8
UNION ALL
SELECT {PLACE}, 'holdout', 'entered', count(*)::int FROM runs WHERE status = 'holdout' GROUP BY {PLACE}"""
ENTERED_WHILE_PAUSED = """
SELECT runs.id FROM runs JOIN events ON events.seq = entry_seq
JOIN pauses ON pauses.journey = runs.journey AND pauses.run_id IS NULL
WHERE accepted_at > from_at + %(behind)s AND (to_at IS NULL OR accepted_at < to_at)"""
ENTERED_WHEN_RETIRED = """
SELECT runs.id FROM runs JOIN events ON events.seq = entry_seq
JOIN live ON live.kind = 'journey' AND live.key = runs.journey WHERE accepted_at > retired_at + %(behind)s"""
ENTRIES = "SELECT member_id, journey, array_agg(entered_at ORDER BY entry_seq) FROM runs GROUP BY member_id, journey"
BUNDLE = "SELECT DISTINCT bundle_hash FROM runs WHERE journey = %(key)s"
MERGED_INTO = """
SELECT run_id, line -> 'detail' ->> 'into' FROM turns, jsonb_array_elements(log) AS line
WHERE line -> 'detail' ->> 'outcome' = 'merged'"""
MERGED = """
SELECT ended.id, kept.id, kept.entry_seq, kept.entered_at > ended.entered_at FROM runs AS ended
LEFT JOIN runs AS kept ON kept.member_id = ended.member_id AND kept.journey = ended.journey
    AND kept.ended_at IS NULL AND kept.status <> 'holdout'
WHERE ended.outcome = 'merged' AND ended.id <> ALL (%(known)s::bigint[])"""
