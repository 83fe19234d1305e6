"""What is said of words for moods: counts that are true, and a claim only where chance seldom makes one."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from matplotlib.text import Text

from therapy_review import Journal
from therapy_review.charts.over_time import MULTIPLES, tag_shares
from therapy_review.pages import overview_text
from therapy_review.trends.in_words import CERTAIN, said_of_word, words_by_use
from therapy_review.trends.overview import way
from therapy_review.trends.table import moving_share


def tags(*sessions: str) -> pd.DataFrame:
    days = pd.date_range("2024-01-04", periods=len(sessions), freq="7D")
    rows = [
        {"session": f"{day.date()}", "date": day, "tag": tag}
        for day, own in zip(days, sessions, strict=True)
        for tag in own.split() or [""]
    ]
    return pd.DataFrame(rows, columns=["session", "date", "tag"])


def at_random(rng: np.random.Generator, chances: np.ndarray) -> pd.DataFrame:
    return tags(*("calm tired" if calm else "tired" for calm in rng.random(len(chances)) < chances))


def test_sessions_without_any_word_say_nothing_of_one() -> None:
    with_gaps = tags(*["calm", "calm tired", "", "tired", "calm", "", "tired", "tired", "tired", "calm"])
    said = said_of_word(with_gaps, "calm")
    assert re.findall(r"\d+", said) == ["3", "4", "1", "4"]
    assert "too early" in said
    assert said_of_word(tags("calm", "", "tired"), "calm").startswith("“calm”: 1 of 2 sessions")


@pytest.mark.slow
def test_of_pure_chance_at_most_one_in_twenty_is_called_more_than_chance() -> None:
    rng = np.random.default_rng(7)
    said = [said_of_word(at_random(rng, np.full(60, 0.4)), "calm") for _ in range(300)]
    assert sum(CERTAIN in one for one in said) <= 0.05 * len(said)


def test_a_word_that_comes_to_stay_is_found_in_its_direction() -> None:
    rng = np.random.default_rng(8)
    rising = [said_of_word(at_random(rng, np.linspace(0.05, 0.95, 100)), "calm") for _ in range(20)]
    assert sum(CERTAIN in one for one in rising) >= 18


def test_the_small_charts_hold_the_shares_of_the_words_used_most() -> None:
    rng = np.random.default_rng(9)
    words = [f"word{n}" for n in range(9)]
    table = tags(
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
    for table in (tags(), tags(""), tags("calm", "", "calm", "tired")):
        assert tag_shares(table).alt.startswith("After 4 sessions")


def test_a_month_without_sessions_stays_open() -> None:
    table = tags(*["calm"] * 20)
    apart = table[~table.index.isin(range(8, 13))]
    places = [patch.get_x() for patch in tag_shares(apart).rows[0].ax.patches]
    assert max(np.diff(places)) == 42


def test_what_is_too_early_to_say_of_several_lines_is_said_once(journal: Journal):
    said = overview_text.moved(way(journal))
    assert said.count("over 8 sessions") == 1
    for name in ("The mood you came with", "The mood you left with"):
        assert f"<li>{name}, from January to March 2026</li>" in said
    assert said.count("<ul>") == said.count("</ul>") == 2
