"""What the soak says of a summary."""

from bench.soak_verdict import differences


def test_each_number_that_the_funnel_tells_otherwise_is_named():
    summary = {
        "agrees": False,
        "stages": [{"stage": "added", "people": {"played": 2, "funnel": 2}}],
        "stores": [{"key": "E01", "stages": {"added": {"played": 3, "funnel": 2}}}],
        "outcomes": {"lost": {"played": 1, "funnel": 0}},
        "failures": [],
    }
    assert differences(summary) == [
        "stores/E01/stages/added: 3 played, 2 told",
        "outcomes/lost: 1 played, 0 told",
    ]
