"""The moments worth hearing: what is chosen, in which order, and what is left alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st

from tests.support.examples import examples
from therapy_review.errors import TurnsError
from therapy_review.measures.moment_finder import LONGEST, SHORTEST, behind, moments
from therapy_review.turns.table import turns_table

JUDGING = ("good", "bad", "should", "too ", "better", "worse", "normal", "problem", "interrupt")


def marks(*rows: tuple[float, float, str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["start", "end", "kind", "label"])
    return table.assign(text="")


def plain_talk(minutes: int = 10) -> list[tuple[float, float, str]]:
    """Give an even conversation in which nothing stands out: ten seconds each, half a second between.

    The therapist begins and the client ends; the last word is some seconds before `minutes` are over.
    """
    turns = 2 * int(minutes * 60 / 21)
    return [(10.5 * i, 10.5 * i + 10, ("therapist", "client")[i % 2]) for i in range(turns)]


def of_kind(found: pd.DataFrame, kind: str) -> pd.Series:
    return found[found["kind"] == kind].iloc[0]


def test_the_longest_silence_is_heard_from_five_seconds_before_to_ten_after():
    found = moments(turns_table([(0, 60, "therapist"), (67, 90, "client")]), n=1)
    assert found[["start", "end", "kind"]].to_numpy().tolist() == [[55.0, 77.0, "longest silence"]]
    assert found["why"].tolist() == ["The longest silence, 7 seconds; then you spoke first."]


def test_of_a_very_long_silence_its_end_is_heard():
    found = moments(turns_table([(0, 60, "therapist"), (160, 190, "client")]), n=1).iloc[0]
    assert (found["start"], found["end"]) == (140.0, 170.0)


def test_a_silence_at_the_very_end_does_not_run_past_the_last_word():
    found = moments(turns_table([(0, 2, "therapist"), (8, 11, "client")]), n=1).iloc[0]
    assert (found["start"], found["end"]) == (0.0, 11.0)


def test_of_a_long_turn_the_first_half_minute_is_heard():
    said = turns_table([*plain_talk(5), (296, 299, "therapist"), (300, 370, "client")])
    found = of_kind(moments(said), "longest turn")
    assert (found["start"], found["end"]) == (300.0, 330.0)
    assert found["why"] == "Your longest turn, 70 seconds, from its beginning."


def test_the_longest_turn_is_the_clients_even_when_the_therapists_is_longer():
    said = turns_table([(0, 90, "therapist"), (91, 103, "client"), (104, 110, "therapist")])
    assert of_kind(moments(said), "longest turn")["start"] == 91.0


def test_the_quickest_exchange_is_where_the_floor_changes_most_often():
    quick = [(590 + 3 * i, 592.5 + 3 * i, ("therapist", "client")[i % 2]) for i in range(10)]
    found = of_kind(moments(turns_table([*plain_talk(10), *quick])), "quickest exchange")
    assert found["start"] < 595
    assert found["end"] > 610
    assert found["why"] == "The quickest exchange: the floor changed 7 times in 20 seconds."


def test_an_even_conversation_has_no_quickest_exchange():
    assert "quickest exchange" not in set(moments(turns_table(plain_talk()))["kind"])


def test_the_balance_turns_where_the_minutes_before_and_after_differ_most():
    rows, who = [], ("therapist", "client")
    for i in range(40):
        much, little = who if i < 20 else who[::-1]
        rows += [(12 * i, 12 * i + 9, much), (12 * i + 9.5, 12 * i + 11.5, little)]
    found = of_kind(moments(turns_table([*rows, (480, 495, "client")])), "balance turned")
    assert found["start"] <= 240 <= found["end"]
    # From 237.5 s, where the client's last short turn begins: 10 of 55 s before it, 47 of 55 s after.
    assert all(part in found["why"] for part in ("18%", "85%"))


def test_an_even_conversation_has_no_turn_of_the_balance():
    assert "balance turned" not in set(moments(turns_table(plain_talk()))["kind"])


def test_the_answer_is_what_the_client_said_after_listening_longest():
    said = [*plain_talk(3), (200, 260, "therapist"), (261, 267, "client"), (268, 275, "therapist")]
    found = of_kind(moments(turns_table(said)), "answer")
    assert found["start"] <= 261
    assert found["end"] >= 267
    assert found["why"].endswith("listened longest, 60 seconds.")


def test_proud_moments_come_before_bookmarks_and_before_all_that_was_counted():
    said = turns_table([*plain_talk(5), (320, 360, "client")])
    mine = marks((100, 105, "bookmark", "look here"), (200, 212, "proud", "I said no"))
    assert moments(said, mine, n=1)["why"].tolist() == ["You marked this: I said no."]
    assert moments(said, mine, n=2)["why"].tolist() == [
        "You marked this: look here.",
        "You marked this: I said no.",
    ]


def test_a_mark_without_words_or_end_is_still_a_moment():
    mine = marks((100, np.nan, "proud", ""))
    found = moments(turns_table(plain_talk(5)), mine, n=1).iloc[0]
    assert (found["start"], found["end"], found["why"]) == (98.0, 110.0, "You marked this.")


def test_nothing_that_touches_a_trigger_is_offered():
    said = turns_table([(0, 60, "therapist"), (67, 90, "client")])
    assert moments(said, n=1)["kind"].tolist() == ["longest silence"]
    found = moments(said, marks((70, 72, "trigger", "")))
    assert not ((found["start"] < 72) & (found["end"] > 70)).any()


def test_a_trigger_outweighs_a_proud_mark_at_the_same_place():
    mine = marks((100, 110, "proud", "x"), (104, 105, "trigger", ""))
    assert "mark" not in set(moments(turns_table(plain_talk(5)), mine)["kind"])


def test_a_short_session_has_fewer_moments_and_an_empty_one_none():
    assert moments(turns_table()).empty
    assert list(moments(turns_table()).columns) == ["start", "end", "kind", "why"]
    assert moments(turns_table([(0, 1, "voice_1")])).empty
    assert len(moments(turns_table([(0, 8, "voice_1"), (12, 15, "voice_2")]))) == 1


def test_voices_without_names_are_not_called_you():
    said = [
        (a, b, {"client": "voice_1", "therapist": "voice_2"}[who])
        for a, b, who in [*plain_talk(5), (330, 360, "client")]
    ]
    found = moments(turns_table(said))
    assert len(found)
    assert not found["why"].str.contains(r"\b[Yy]our?s?\b").any()


def test_a_table_that_is_no_turns_table_is_refused():
    with pytest.raises(TurnsError):
        moments(pd.DataFrame({"start": [1.0]}))


lengths = st.floats(0.3, 40).map(lambda seconds: round(seconds, 1))
stretches = st.lists(
    st.tuples(lengths, lengths, st.sampled_from(["client", "therapist"])), min_size=0, max_size=40
)


@examples(60)
@given(
    stretches,
    st.lists(
        st.tuples(st.floats(0, 600), st.sampled_from(["proud", "trigger", "question", "bookmark"])),
        max_size=4,
    ),
    st.integers(1, 6),
)
def test_moments_are_short_apart_in_order_and_say_why(conversation, marked, n):
    rows, at = [], 0.0
    for silence, voiced, who in conversation:
        rows.append((at + silence, at + silence + voiced, who))
        at += silence + voiced
    mine = marks(*((start, start + 3, kind, "") for start, kind in marked))
    found = moments(turns_table(rows), mine, n)
    length = found["end"] - found["start"]
    assert len(found) <= n
    assert ((length <= LONGEST + 1e-6) & (length >= SHORTEST - 1e-6)).all()
    assert (found["start"].to_numpy()[1:] >= found["end"].to_numpy()[:-1]).all()
    assert (found["start"] >= 0).all()
    assert found["why"].str.endswith(".").all()
    assert not any(word in why.lower() for why in found["why"] for word in JUDGING)


def times_of(found):
    return list(zip(found["start"], found["end"], strict=True))


def test_behind_a_silence_lies_the_longest_with_the_words_around_it():
    turns = turns_table([(0, 20, "therapist"), (26, 40, "client"), (44, 60, "client")])
    found = behind(turns, "long_silences")
    assert times_of(found) == [(15, 36), (35, 54)]
    assert "6 seconds; then you" in found["why"][0]


def test_behind_much_talking_lies_the_clients_longest_turn_and_behind_little_the_others():
    turns = turns_table([(0, 18, "therapist"), (20, 30, "client"), (31, 33, "therapist")])
    assert times_of(behind(turns, "talk_share", "client"))[0] == (20, 31)
    found = behind(turns, "talk_share", "client", side="below")
    assert times_of(found)[0] == (0, 19)
    assert found["why"][0] == "The therapist's longest turn, 18 seconds."


def test_behind_slow_answers_lies_the_slowest_and_behind_quick_ones_the_quickest():
    turns = turns_table(
        [(0, 10, "therapist"), (12.5, 20, "client"), (21, 30, "therapist"), (30.5, 40, "client")]
    )
    assert "after 2.5 seconds" in behind(turns, "latency_median", "client")["why"][0]
    assert "after 0.5 seconds" in behind(turns, "latency_median", "client", side="below")["why"][0]


def test_behind_what_has_no_place_there_is_no_moment_and_none_touches_a_trigger():
    turns = turns_table([(0, 20, "therapist"), (26, 40, "client")])
    assert behind(turns, "pauses", "client").empty
    trigger = pd.DataFrame({"start": [30.0], "end": [31.0], "kind": ["trigger"]})
    assert behind(turns, "longest_silence", marks=trigger).empty
    assert behind(turns_table(), "longest_silence").empty
