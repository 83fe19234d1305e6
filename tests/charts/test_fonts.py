from __future__ import annotations

import warnings
from collections.abc import Iterator

import pandas as pd
import pytest

from therapy_review.charts import fonts
from therapy_review.charts.base import Chart
from therapy_review.charts.over_time import mood_tags


@pytest.fixture
def no_other_font(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer that has the charts' own fonts and nothing else."""
    monkeypatch.setattr(fonts, "_others", lambda: ())
    fonts._font_with.cache_clear()
    yield
    fonts._font_with.cache_clear()


def grid(*tags: str) -> Chart:
    day = pd.Timestamp("2026-01-05")
    return mood_tags(
        pd.DataFrame([("2026-01-05", day, tag) for tag in tags], columns=["session", "date", "tag"])
    )


def labels(chart: Chart) -> list[str]:
    return [label.get_text() for label in chart.axes[0].get_yticklabels()]


@pytest.mark.parametrize(
    ("tag", "shown"),
    [
        ("🙂", "slightly smiling face"),
        ("hopeful👍🏽", "hopeful thumbs up sign"),
        ("tense (🤯)", "tense (shocked face with exploding head)"),
        ("👩\u200d👧", "woman girl"),
        ("two\twords", "two words"),
        ("naïve", "naïve"),
        ("été", "été"),
        ("a $ b", "a $ b"),
    ],
)
def test_a_character_no_font_has_is_written_out_by_its_name(
    tag: str, shown: str, no_other_font: None
) -> None:
    assert labels(grid(tag)) == [shown]


def test_a_chart_with_such_words_leaves_no_empty_box_and_says_the_words_themselves(
    no_other_font: None,
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of every glyph it draws as a box
        chart = grid("🙂", "悲しい", "❤️")
        chart.png()
    assert "🙂 1" in chart.alt
    assert max(map(len, labels(chart))) <= fonts.LONGEST


def test_what_another_installed_font_has_is_drawn_with_it() -> None:
    # matplotlib's own STIXGeneral has this letter, its DejaVu Sans has not.
    tag = "\N{LATIN SMALL LETTER K WITH PALATAL HOOK}"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        chart = grid(tag)
        chart.png()
    assert labels(chart) == [tag]
    (label,) = chart.axes[0].get_yticklabels()
    assert label.get_fontfamily()[:2] == list(fonts.FONTS)
    assert len(label.get_fontfamily()) == 3
