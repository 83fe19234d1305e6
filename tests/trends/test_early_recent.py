"""Early and recent: chosen by a rule that can be told, never by what sounds well."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tests.conftest import Hear, root_of
from therapy_review import Journal, open_journal
from therapy_review.charts.early_recent import then_and_now, words_then_and_now
from therapy_review.measures.talk import evaluate
from therapy_review.trends.early_recent import early_and_recent, pairs_to_hear
from therapy_review.trends.overview import way

EARLY, RECENT = "2026-01-08", "2026-03-05"


@pytest.fixture(scope="module")
def ends_once(hear: Hear, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The practice journal with its first and its last session analysed; not to be changed."""
    return root_of(hear(tmp_path_factory.mktemp("ends") / "practice", [EARLY, RECENT]))


@pytest.fixture
def ends(ends_once: Path, tmp_path: Path) -> Journal:
    shutil.copytree(ends_once, tmp_path / "practice")
    return open_journal(tmp_path / "practice")


@given(st.sets(st.dates().map(str), max_size=60))
def test_the_sides_are_quarters_that_never_share_a_session(names: set[str]) -> None:
    found = early_and_recent(names)
    if found is None:
        assert len(names) < 2
        return
    ordered = sorted(names)
    n = max(1, len(ordered) // 4)
    assert found.early == tuple(ordered[:n])
    assert found.recent == tuple(ordered[-n:])
    assert not {*found.early} & {*found.recent}


def test_a_pair_is_of_the_first_and_the_newest_session_that_can_be_heard(ends: Journal) -> None:
    found = {pair.kind: pair for pair in pairs_to_hear(ends)}
    talking, _silence = found.values()
    for pair in found.values():
        assert (pair.early.session.name, pair.recent.session.name) == (EARLY, RECENT)
        assert 2 <= pair.early.end - pair.early.start <= 30
    measured = evaluate(ends.session(EARLY).turns).iloc[0]
    assert talking.early.start == measured["client_longest_turn_start"]


def test_proud_moments_are_paired_where_both_halves_have_one(ends: Journal) -> None:
    ends.store.write(f"sessions/{EARLY}/marks.csv", b"start,kind,label\n60,proud moment,said it\n")
    assert len(pairs_to_hear(ends)) == 2
    ends.store.write(f"sessions/{RECENT}/marks.csv", b"start,kind,label\n90,proud,asked\n")
    first = pairs_to_hear(ends)[0]
    assert (first.early.why, first.recent.why) == ("You marked this: said it.", "You marked this: asked.")


def test_of_several_proud_moments_the_first_and_the_newest_are_heard(ends: Journal) -> None:
    marks = b"start,kind,label\n20,proud,one\n40,proud,two\n60,proud,three\n80,proud,four\n"
    for name in (EARLY, RECENT):
        ends.store.write(f"sessions/{name}/marks.csv", marks)
    first = pairs_to_hear(ends)[0]
    assert (first.early.why, first.recent.why) == ("You marked this: one.", "You marked this: four.")


def test_nothing_of_a_trigger_is_chosen(ends: Journal) -> None:
    before = pairs_to_hear(ends)[0].early
    line = f"start,end,kind\n{before.start},{before.end},trigger\n"
    ends.store.write(f"sessions/{EARLY}/marks.csv", line.encode())
    for pair in pairs_to_hear(ends):
        assert pair.early.end <= before.start - 2 or pair.early.start >= before.end


def test_a_session_that_was_not_analysed_is_passed_over(journal: Journal) -> None:
    assert pairs_to_hear(journal) == []


def test_a_session_that_is_closed_is_passed_over(ends: Journal) -> None:
    ends.store.remove("agreements.toml")
    assert pairs_to_hear(ends) == []


def test_the_pictures_say_both_sides_and_how_few_they_are(ends: Journal) -> None:
    found = way(ends)
    both = early_and_recent(found.sessions["session"])
    chart = then_and_now(found, both, scales=ends.scales)
    assert "3 early, 5.5 recently" in chart.alt
    assert "PHQ-9: 14 early, 8 recently" in chart.alt
    assert "A few sessions" in chart.caption
    words = words_then_and_now(found.tags, both, found.groups)
    assert "relieved 100% and 0%" in words.alt
    assert "sad 50% and 50%" in words.alt


def test_with_one_session_or_none_it_is_said_what_will_stand_there(ends: Journal) -> None:
    for names in ([], [EARLY]):
        found = way(ends).only(names)
        both = early_and_recent(found.sessions["session"])
        assert both is None
        assert "beside each other" in then_and_now(found, both).alt
        assert words_then_and_now(found.tags, both).alt.startswith("No words")


def test_captions_say_what_is_counted_and_of_how_many_sessions(ends: Journal) -> None:
    found = way(ends)
    both = early_and_recent(found.sessions["session"])
    caption = then_and_now(found, both, scales=ends.scales).caption
    assert "silence is left" in caption
    assert "shortest silence" in caption
    assert "black stroke" not in caption  # two sessions a side have no middle one
    empty = found.tags.assign(tag=found.tags["tag"].where(found.tags["session"] != EARLY, ""))
    words = words_then_and_now(empty, both, found.groups)
    assert "sessions with words, 1 early and 2 recent" in words.caption
    assert "sad 100% and 50%" in words.alt
