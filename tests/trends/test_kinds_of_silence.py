"""What a long silence was is the client's to say, and stays where it was said."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given, strategies as st

from tests.support.examples import examples
from tests.turns.test_table import conversations
from therapy_review import Journal, Session
from therapy_review.journal import marks as mark_files
from therapy_review.journal.marks import Mark
from therapy_review.measures.moment_finder import moments
from therapy_review.measures.silences import long_silences
from therapy_review.trends.kinds_of_silence import (
    KINDS,
    NOT_SAID,
    SILENCE,
    by_session,
    coded,
    long_silences_of,
    say,
)
from therapy_review.turns.table import turns_table

TURNS = turns_table([(0, 4, "client"), (10, 12, "therapist"), (12.5, 14, "client"), (18, 20, "client")])


def marks(*said: Mark) -> pd.DataFrame:
    table = mark_files.no_marks()
    for mark in said:
        table = mark_files.add(table, mark)
    return table


def silent(start: float, end: float, kind: str, text: str = "") -> Mark:
    return Mark(start, end, SILENCE, kind, text)


@pytest.fixture
def session(heard: Journal) -> Session:
    """A session with several long silences."""
    return heard.session("2026-03-05")


def times(session: Session, at: int = 0) -> tuple[float, float]:
    row = long_silences_of(session).iloc[at]
    return float(row["start"]), float(row["end"])


# Putting words and silences together


def test_nothing_is_said_of_a_silence_until_the_client_does():
    found = coded(long_silences(TURNS), marks())
    assert found["start"].tolist() == [4, 14]
    assert found["kind"].tolist() == found["text"].tolist() == ["", ""]


def test_a_word_belongs_to_the_silence_it_shares_the_most_time_with():
    found = coded(long_silences(TURNS), marks(silent(9, 17, "stuck"), silent(4.5, 9.5, "thinking", "of her")))
    assert found["kind"].tolist() == ["thinking", "stuck"]
    assert found["text"].tolist() == ["of her", ""]


def test_words_stay_when_the_turns_are_found_a_little_otherwise():
    said = marks(silent(4, 10, "feeling"))
    moved = turns_table([(0, 4.6, "client"), (9.2, 12, "therapist")])
    assert coded(long_silences(moved), said)[["start", "end", "kind"]].to_numpy().tolist() == [
        [4.6, 9.2, "feeling"]
    ]


def test_words_stay_by_themselves_where_no_silence_is_seen_any_more():
    filled = turns_table([(0, 9, "client"), (10, 12, "therapist")])
    (row,) = coded(long_silences(filled), marks(silent(4, 8.5, "feeling", "warm"))).to_dict("records")
    assert (row["start"], row["end"], row["kind"], row["text"], row["before"]) == (
        4,
        8.5,
        "feeling",
        "warm",
        "",
    )


def test_two_words_for_what_has_become_one_silence_are_both_kept():
    one = turns_table([(0, 4, "client"), (18, 20, "client")])
    found = coded(long_silences(one), marks(silent(4, 10, "feeling"), silent(14, 18, "stuck")))
    assert sorted(found["kind"]) == ["feeling", "stuck"]


def test_a_mark_of_a_moment_belongs_to_the_silence_around_it():
    assert coded(long_silences(TURNS), marks(Mark(15, math.nan, SILENCE, "with you")))["kind"].tolist() == [
        "",
        "with you",
    ]


def test_other_marks_say_nothing_of_a_silence():
    assert coded(long_silences(TURNS), marks(Mark(4, 10, "bookmark", "here")))["kind"].tolist() == ["", ""]


@given(
    conversations(),
    st.lists(st.tuples(st.floats(0, 200), st.floats(0.1, 30), st.sampled_from([*KINDS])), max_size=8),
)
@examples(60)
def test_no_word_is_ever_lost_and_no_silence(turns: pd.DataFrame, said: list):
    silences = long_silences(turns)
    own = list(dict.fromkeys(silent(start, start + length, kind) for start, length, kind in said))
    found = coded(silences, marks(*own))
    assert sorted(found["kind"][found["kind"] != ""]) == sorted(mark.label for mark in own)
    assert found["start"].is_monotonic_increasing
    seen = found[found["before"] != ""]
    assert seen["start"].tolist() == silences["start"].tolist()


# Saying it


def test_what_is_said_is_saved_at_once_as_a_mark(session: Session):
    start, end = times(session)
    say(session, start, end, " thinking ", "whether to tell him")
    (row,) = session.marks.to_dict("records")
    assert (row["kind"], row["label"], row["text"]) == ("silence", "thinking", "whether to tell him")
    assert (row["start"], row["end"]) == pytest.approx((start, end), abs=0.001)
    assert long_silences_of(session)["kind"].iloc[0] == "thinking"


def test_saying_it_again_takes_the_place_of_what_was_said(session: Session):
    start, end = times(session)
    say(session, start, end, "thinking")
    say(session, start + 0.2, end - 0.1, "stuck")
    assert session.marks["label"].tolist() == ["stuck"]


def test_no_word_takes_it_back_and_leaves_all_else(session: Session):
    session.add_mark(Mark(3, math.nan, "bookmark", "mine"))
    for at in (0, 1):
        say(session, *times(session, at), "thinking")
    say(session, *times(session), "", " ")
    assert session.marks["kind"].tolist() == ["bookmark", SILENCE]
    say(session, *times(session), "")  # nothing there: nothing happens
    assert len(session.marks) == 2


def test_a_silence_the_client_named_is_no_moment_and_no_trigger(session: Session):
    before = moments(session.turns, session.marks)
    say(session, *times(session), "stuck")
    pd.testing.assert_frame_equal(moments(session.turns, session.marks), before)
    assert mark_files.closed_stretches(session.marks) == []


# Over time


def test_kinds_are_counted_by_session_with_those_nobody_said(heard: Journal, session: Session):
    total = len(long_silences_of(session))
    say(session, *times(session), "thinking")
    say(session, *times(session, 1), "", "I saw the rain")
    table = by_session(heard)
    counted = table[table["session"] == session.name].set_index("kind")["n"].to_dict()
    rest = {NOT_SAID: total - 2} if total > 2 else {}
    assert counted == {"thinking": 1, "in own words": 1, **rest}
    seconds = table[table["session"] == session.name]["seconds"].sum()
    assert seconds == pytest.approx(long_silences_of(session)["duration"].sum(), abs=0.01)


def test_a_session_nobody_could_count_silences_in_is_not_one_without(heard: Journal):
    table = by_session(heard).set_index("session")
    assert math.isnan(table.loc["2026-02-12", "n"])
    assert table.index.unique().tolist() == [session.name for session in heard.sessions]


def test_a_session_without_long_silences_has_none(heard: Journal, session: Session):
    store = heard.store
    end = session.turns["end"].max()
    store.write(session.file("corrections.csv"), f"start,end,speaker\n0,{end + 1},client\n".encode())
    from therapy_review.analysis.analysis import rename

    rename(session)
    assert by_session(heard).query("session == @session.name")["n"].tolist() == [0]


def test_what_is_said_before_the_recording_is_analysed_counts_too(heard: Journal):
    session = heard.session("2026-01-08")
    say(session, 20, 26, "feeling")
    table = by_session(heard).query("session == @session.name")
    assert table[["kind", "n", "seconds"]].to_numpy().tolist() == [["feeling", 1, 6]]


def test_marks_that_can_not_be_read_leave_that_session_open_and_no_other(heard: Journal, session: Session):
    heard.store.write(session.file("marks.csv"), b"no marks\n")
    table = by_session(heard).set_index("session")["n"]
    assert math.isnan(table[session.name])
    assert table["2026-02-26"] > 0


def test_the_kinds_on_offer_are_words_without_praise_or_blame():
    assert {pics for pics in KINDS.values() if pics} == {
        *("reflective", "emotional", "expressive", "mnemonic", "associational", "disengaged", "interactional")
    }
    assert not any(word in " ".join(KINDS) for word in ("productive", "obstructive", "good", "bad"))
