"""Charts across sessions: what was noted and counted is drawn where it belongs, and nothing is left out."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from matplotlib.collections import PathCollection
from matplotlib.text import Text

from tests.charts.test_session import DATES, TAGS, TALK, dots, labels, moods, sessions, tags
from tests.support.mood_words import weekly_tags
from therapy_review import Journal
from therapy_review.charts import over_time
from therapy_review.charts.over_time import (
    MOST_ROWS,
    MULTIPLES,
    NONE_KNOWN,
    OTHER_WORDS,
    silence_rows,
    silences_over_time,
    tag_shares,
)
from therapy_review.measures.talk import evaluate, talk_time
from therapy_review.pages.over_time import HowFar
from therapy_review.trends.in_words import said_of_word, words_by_use
from therapy_review.trends.kinds_of_silence import (
    IN_OWN_WORDS,
    KINDS,
    NOT_SAID,
    by_session,
    long_silences_of,
    say,
)
from therapy_review.trends.table import moving_share


def table(*rows: tuple[str, str, float]) -> pd.DataFrame:
    return pd.DataFrame(
        [(day, pd.Timestamp(day[:10]), kind, n, 4.0 * n) for day, kind, n in rows],
        columns=["session", "date", "kind", "n", "seconds"],
    )


def test_what_the_client_said_is_drawn_with_what_was_left_open(heard: Journal) -> None:
    session = heard.session("2026-03-05")
    found = long_silences_of(session)
    say(session, found["start"][0], found["end"][0], "thinking")
    say(session, found["start"][1], found["end"][1], "listening to the rain")
    alt = HowFar(heard).silences().alt
    every = by_session(heard)["n"].sum()
    assert f"{every:.0f} long silences in 2 sessions from 2026-02-26 to 2026-03-05" in alt
    assert f"thinking: 1; listening to the rain: 1; not said: {every - 2:.0f}." in alt


def test_every_row_says_what_it_is_and_a_circle_stands_at_its_session() -> None:
    chart = silences_over_time(
        table(("2026-01-01", "stuck", 2), ("2026-01-01", NOT_SAID, 1), ("2026-01-08", "stuck", 1))
    )
    (ax,) = chart.axes
    assert [one.get_text() for one in ax.get_yticklabels()] == ["stuck", NOT_SAID]
    said, left_open = ax.collections
    assert [row for _, row in said.get_offsets()] == [0, 0]
    assert sorted(said.get_sizes())[1] == 2 * sorted(said.get_sizes())[0]
    assert len(left_open.get_offsets()) == 1


def test_where_nobody_can_tell_there_is_no_line_and_the_caption_says_so() -> None:
    rows = [("2026-01-01", "stuck", 2.0), ("2026-01-08", NOT_SAID, 0.0)]
    lines = [silences_over_time(table(*rows, *more)) for more in ([], [("2026-01-15", NOT_SAID, np.nan)])]
    assert [len(chart.axes[0].lines) for chart in lines] == [2, 2]
    assert ["no sound" in chart.caption for chart in lines] == [False, True]


def test_with_no_silence_known_it_says_so_calmly(journal: Journal) -> None:
    assert HowFar(journal).silences().alt == NONE_KNOWN
    assert silences_over_time(table(("2026-01-08", NOT_SAID, 0))).alt == NONE_KNOWN


@given(
    st.lists(
        st.tuples(st.sampled_from([*KINDS, NOT_SAID, IN_OWN_WORDS, *map(str, range(30))]), st.integers(1, 9))
    )
)
def test_no_silence_is_lost_in_the_rows_however_many_words_there_are(said: list[tuple[str, int]]) -> None:
    found = pd.DataFrame(said, columns=["kind", "n"]).astype({"n": float})
    rows = silence_rows(found)
    assert len(rows) == len(set(rows)) <= MOST_ROWS
    assert OTHER_WORDS in rows or set(found["kind"]) == set(rows)
    assert NOT_SAID not in rows[:-1]


def test_two_hundred_sessions_are_drawn_with_every_silence_counted() -> None:
    days = pd.date_range("2022-01-05", periods=200, freq="7D").strftime("%Y-%m-%d")
    kinds = [*KINDS, NOT_SAID]
    chart = silences_over_time(table(*((day, kinds[at % 9], 1 + at % 4) for at, day in enumerate(days))))
    assert chart.alt.startswith("500 long silences in 200 sessions")
    assert len(chart.png()) > 10_000


# Talk time, moods and words, session by session.


def test_a_missed_week_stays_a_gap_in_time():
    (ax,) = over_time.talk_time(sessions()).axes
    places = [bar.get_x() + bar.get_width() / 2 for bar in ax.containers[0]]
    assert np.diff(places) == pytest.approx([7, 14, 7])


def test_the_bars_of_talk_time_are_minutes_one_upon_the_other():
    (ax,) = over_time.talk_time(sessions()).axes
    client, therapist = ax.containers
    assert client[0].get_height() == pytest.approx(talk_time(TALK)["client"] / 60)
    assert therapist[0].get_y() == pytest.approx(client[0].get_height())


def test_a_session_that_was_not_measured_keeps_its_place_and_says_so():
    table = sessions()
    table.loc[1, ["client_talk_time", "therapist_talk_time"]] = np.nan
    chart = over_time.talk_time(table)
    assert "not\nmeasured" in [text.get_text() for text in chart.axes[0].texts]
    assert "2026-01-15" not in chart.alt


def test_sessions_heard_in_another_way_are_set_apart():
    plain = over_time.talk_time(sessions())
    assert "dotted line" not in plain.caption
    for column, values in {
        "engine": ["one"] * 2 + ["two"] * 2,
        "shortest_silence": [0.2, 0.2, 0.5, 0.5],
    }.items():
        chart = over_time.talk_time(sessions(**{column: values}))
        (line,) = chart.axes[0].lines
        x = float(np.asarray(line.get_xdata())[0])
        second, third = (float(mpl.dates.date2num(day)) for day in DATES[1:3])
        assert second < x < third
        assert "dotted line" in chart.caption


def test_the_session_may_be_a_column_or_the_index():
    assert over_time.talk_time(sessions().set_index("session")).alt == over_time.talk_time(sessions()).alt


def test_moods_are_drawn_where_they_were_noted():
    chart = over_time.moods(moods([3, 4, np.nan, 5], [4, 4, 6, np.nan]))
    drawn = {c.get_label(): np.asarray(dots(c)[:, 1], dtype=float) for c in chart.axes[0].collections}
    assert drawn["before"].tolist() == pytest.approx([3, 4, np.nan, 5], nan_ok=True)
    assert drawn["after"].tolist() == pytest.approx([4, 4, 6, np.nan], nan_ok=True)
    assert "2026-01-08: 3 to 4" in chart.alt
    assert "2026-01-29: not noted to 6" in chart.alt


def test_the_same_mood_before_and_after_shows_both_circles():
    (ax,) = over_time.moods(moods([4], [4])).axes
    size = {c.get_label(): c.get_sizes()[0] for c in ax.collections if isinstance(c, PathCollection)}
    assert size["before"] > 1.5 * size["after"]


def test_two_sessions_on_one_day_stand_beside_each_other():
    table = moods([3, 4], [5, 6]).assign(session=["2026-01-08", "2026-01-08-2"], date=DATES[0])
    (ax,) = over_time.moods(table).axes
    places = next(dots(c)[:, 0] for c in ax.collections if c.get_label() == "after")
    assert places[1] > places[0]


def test_the_words_stay_short_when_there_are_many_sessions():
    size = 200
    days = pd.date_range("2022-01-06", periods=size, freq="7D")
    names = days.strftime("%Y-%m-%d")
    table = pd.DataFrame({"session": names, "date": days, "mood_before": 4.0, "mood_after": 5.0})
    alt = over_time.moods(table).alt
    assert "200 sessions from 2022-01-06 to 2025-10-30; in the middle 4 to 5" in alt
    many = pd.concat([evaluate(TALK)] * size, ignore_index=True).assign(session=names, date=days)
    assert len(over_time.talk_time(many).alt) < 250


def test_a_tag_has_a_square_in_the_week_it_was_used():
    chart = over_time.mood_tags(TAGS)
    (ax,) = chart.axes
    squares = next(dots(c) for c in ax.collections if isinstance(c, PathCollection))
    assert labels(ax) == ["tired", "calm"]
    assert sorted(map(tuple, squares.tolist())) == [(0, 0), (1, 1), (3, 0)]
    assert "tired 2, calm 1" in chart.alt


def test_a_missed_week_is_an_empty_column_that_says_so_and_a_week_without_tags_is_not():
    (ax,) = over_time.mood_tags(TAGS).axes
    missed = [(text.get_text(), text.get_position()[0]) for text in ax.texts if text.get_text()]
    assert missed == [("no session", 2)]
    assert [patch.get_x() for patch in ax.patches] == [1.5]


def test_tags_stand_in_the_clients_groups_with_their_names():
    (ax,) = over_time.mood_tags(TAGS, {"lighter": ["calm"], "heavy": ["tired"]}).axes
    assert labels(ax) == ["calm", "tired"]
    assert {"lighter", "heavy"} <= {text.get_text() for text in ax.texts}


def test_a_clients_own_words_are_drawn_as_they_are():
    odd = tags(("2026-01-08", "$broke$ again $"), ("2026-01-08", "😊 <b>"), ("2026-01-15", "_x^2"))
    chart = over_time.mood_tags(odd)
    chart.png()
    assert set(labels(chart.axes[0])) == {"$broke$ again $", "😊 <b>", "_x^2"}


# The share of sessions in which a word was noted.


def test_the_small_charts_hold_the_shares_of_the_words_used_most() -> None:
    rng = np.random.default_rng(9)
    words = [f"word{n}" for n in range(9)]
    table = weekly_tags(
        *(" ".join(word for n, word in enumerate(words) if rng.random() < 0.9 - n / 10) for _ in range(50))
    )
    chart = tag_shares(table)
    assert [row.what for row in chart.rows] == words_by_use(table)[:MULTIPLES]
    noted = table[table["tag"] != ""]
    shares = moving_share(noted).dropna(subset=["share"])
    for row in chart.rows:
        bars = [patch.get_height() for patch in row.ax.patches]
        np.testing.assert_allclose(bars, shares.loc[shares["tag"] == row.what, "share"])
        said = said_of_word(table, row.what)
        assert said in chart.alt
        assert " ".join(said.split()) in " ".join(t.get_text() for t in row.ax.findobj(Text)).replace(
            "\n", " "
        )
    assert "not of days" in chart.caption
    assert f"Your {MULTIPLES} most used" in chart.caption


def test_before_a_window_is_full_it_is_said_when_there_will_be_something() -> None:
    for table in (weekly_tags(), weekly_tags(""), weekly_tags("calm", "", "calm", "tired")):
        assert tag_shares(table).alt.startswith("After 4 sessions")


def test_a_month_without_sessions_stays_open() -> None:
    table = weekly_tags(*["calm"] * 20)
    apart = table[~table.index.isin(range(8, 13))]
    places = [patch.get_x() for patch in tag_shares(apart).rows[0].ax.patches]
    assert max(np.diff(places)) == 42
