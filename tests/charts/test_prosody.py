"""Pitch and loudness as pictures: never without what can be said of them."""

from __future__ import annotations

import pandas as pd
import pytest

from therapy_review.charts.prosody import TOO_LITTLE, voices_of_a_session, voices_over_time
from therapy_review.measures.pitch_loudness import CAUTION, COLUMNS
from therapy_review.trends.in_words import CERTAIN, sentences

OF_TWO = pd.DataFrame(
    [
        ("client", 104.0, 200.0, -2.0, 2.6, 4.6, 0.7, -3.7, 3.0, 6.7),
        ("therapist", 36.0, 109.0, -2.2, 3.6, 5.8, -2.7, -3.5, 3.7, 7.2),
    ],
    columns=COLUMNS,
)


def over(*values: float, phases: list[str] | None = None) -> pd.DataFrame:
    days = pd.date_range("2026-01-01", periods=len(values), freq="7D")
    phases = phases or [""] * len(values)
    table = {"session": days.strftime("%Y-%m-%d"), "date": days, "value": values, "phase": phases}
    more = {"measure": "loudness", "speaker": "client", "name": "the middle loudness", "unit": "dB"}
    return pd.DataFrame({**table, "which": phases}).assign(**more, floor=0.2, reliable_change=float("nan"))


def test_each_voice_has_its_middle_and_its_middle_half_and_the_caution_below():
    chart = voices_of_a_session(OF_TWO)
    assert "you: pitch 200 Hz, its middle half 4.6 semitones wide, loudness +0.7 dB" in chart.alt
    assert "therapist: pitch 109 Hz" in chart.alt
    assert chart.caption.endswith(CAUTION)
    pitch, _ = chart.axes
    ends = [line.get_xdata() for line in pitch.lines if len(set(line.get_ydata())) == 1]
    assert [200 * 2 ** (-2 / 12), 200 * 2 ** (2.6 / 12)] in [pytest.approx(list(end)) for end in ends]


def test_of_too_little_voice_it_says_so():
    chart = voices_of_a_session(OF_TWO.assign(pitch=float("nan")))
    assert chart.alt == TOO_LITTLE
    assert CAUTION in chart.caption


def test_another_microphone_breaks_the_line_and_nothing_is_claimed():
    same = voices_over_time(over(*range(20)))
    broken = voices_over_time(over(*range(20), phases=["phone"] * 10 + ["clip-on"] * 10))
    dotted = [
        [line for line in chart.axes[0].lines if line.get_linestyle() == ":"] for chart in (same, broken)
    ]
    assert list(map(len, dotted)) == [0, 1]
    for chart in (same, broken):
        assert CAUTION in chart.caption
        assert CERTAIN not in chart.alt
        assert "moved" not in chart.alt


def test_two_sessions_are_shown_though_nothing_is_usual_yet():
    assert "last 2.0 dB" in voices_over_time(over(1.0, 2.0)).alt


def test_the_sentence_of_one_line_never_stands_without_the_caution():
    assert sentences([over(*range(20))])[0].endswith(CAUTION)
    assert CAUTION not in sentences([over(*range(20)).assign(measure="mood_after")])[0]
