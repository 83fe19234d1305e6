"""The chart of long silences: counted as the client said it, nothing left out, nothing scored."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, strategies as st

from therapy_review import Journal
from therapy_review.charts.over_time import (
    MOST_ROWS,
    NONE_KNOWN,
    OTHER_WORDS,
    silence_rows,
    silences_over_time,
)
from therapy_review.pages.over_time import HowFar
from therapy_review.trends.kinds_of_silence import (
    IN_OWN_WORDS,
    KINDS,
    NOT_SAID,
    by_session,
    long_silences_of,
    say,
)


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
