"""Charts: the picture matches the table, the words match the picture, and nothing is left behind."""

from __future__ import annotations

import base64
import functools
import html
import io
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import Collection, PathCollection
from matplotlib.text import Text
from PIL import Image

from therapy_review.charts import over_time, session
from therapy_review.charts.base import WIDTH, Chart, nothing_yet
from therapy_review.measures.silences import gaps, long_silences, overlaps, pauses
from therapy_review.measures.talk import balance, evaluate, talk_time
from therapy_review.turns.table import turns_table

JUDGING = re.compile(
    r"\b(good|bad|should|too much|too little|better|worse|normal|healthy|interrupt\w*|score|dominat\w*)\b",
    re.I,
)
SMALLEST = 9  # points

TALK = turns_table(
    [
        (2.0, 5.0, "therapist"),
        (9.0, 14.0, "client"),
        (13.4, 18.0, "therapist"),
        (18.6, 40.0, "client"),
        (25.0, 25.5, "therapist"),
        (47.0, 60.0, "client"),
    ]
)
LONG = turns_table(
    [(30, 520, "client"), (530, 640, "therapist"), (640, 1150, "client"), (1300, 1700, "client")]
)
EMPTY = turns_table()


def hour(minutes: int = 50, seed: int = 5) -> pd.DataFrame:
    """Give a long invented conversation of some four hundred turns."""
    rng = np.random.default_rng(seed)
    rows, at, who = [], 1.0, "therapist"
    while at < minutes * 60 - 20:
        for _ in range(rng.integers(1, 4)):
            voiced = float(rng.gamma(2.0, 1.2)) + 0.2
            rows.append((at, at + voiced, who))
            at += voiced + float(rng.choice([0.3, 0.6, 1.2, 6.0], p=[0.5, 0.3, 0.17, 0.03]))
        who = "client" if who == "therapist" else "therapist"
    return turns_table(rows)


def as_voices(turns: pd.DataFrame) -> pd.DataFrame:
    return turns.assign(speaker=turns["speaker"].map({"client": "voice_1", "therapist": "voice_2"}))


def peaks(seconds: float, seed: int = 3) -> np.ndarray:
    """Give an invented waveform as the analysis keeps it."""
    high = np.random.default_rng(seed).gamma(1.0, 0.1, round(seconds * 32)).clip(0, 1)
    return np.column_stack([-high, 0.9 * high]).astype(np.float32)


DATES = pd.to_datetime(["2026-01-08", "2026-01-15", "2026-01-29", "2026-02-05"])
NAMES = DATES.strftime("%Y-%m-%d")


def sessions(**columns: list[object]) -> pd.DataFrame:
    table = pd.concat([evaluate(TALK)] * 4, ignore_index=True)
    table.insert(0, "session", NAMES)
    table.insert(1, "date", DATES)
    return table.assign(**{"engine": "one", **columns})


def moods(before: list[float], after: list[float]) -> pd.DataFrame:
    size = len(before)
    return pd.DataFrame(
        {"session": NAMES[:size], "date": DATES[:size], "mood_before": before, "mood_after": after}
    )


def tags(*rows: tuple[str, str]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["session", "tag"])
    return table.assign(date=pd.to_datetime(table["session"]))


MARKS = pd.DataFrame({"start": [20.0], "end": [22.0], "kind": ["proud"], "label": ["x"], "text": [""]})
TAGS = tags(("2026-01-08", "tired"), ("2026-01-15", "calm"), ("2026-01-29", "tired"), ("2026-02-05", ""))
MANY = pd.date_range("2024-01-04", periods=110, freq="7D").delete([3, 30, 31])
ODD = pd.to_datetime(["2026-01-01", "2026-01-05", "2026-01-06", "2026-06-11", "2026-08-04", "2026-08-06"])
FAR = pd.to_datetime(["2022-01-06", "2022-01-10", "2024-06-11", "2026-08-04"])


def path_of(days: pd.DatetimeIndex) -> pd.DataFrame:
    """Give what the charts across sessions need, for sessions on these days."""
    table = pd.concat([evaluate(TALK)] * len(days), ignore_index=True)
    words = ["tired", "calm", "hopeful", "on guard"] * len(days)
    return table.assign(
        session=days.strftime("%Y-%m-%d"),
        date=days,
        mood_before=3.0,
        mood_after=5.0,
        tag=words[: len(days)],
        engine="one",
    )


EVERY: dict[str, Callable[[], Chart]] = {
    "map": lambda: session.session_map(TALK),
    "map with marks": lambda: session.session_map(TALK, MARKS),
    "map of an hour": lambda: session.session_map(hour()),
    "map of voices": lambda: session.session_map(as_voices(TALK)),
    "map of one speaker": lambda: session.session_map(turns_table([(1, 9, "client")])),
    "map of three": lambda: session.session_map(turns_table([(1, 9, "client"), (9, 20, "other")])),
    "map of nobody": lambda: session.session_map(EMPTY),
    "waveform": lambda: session.waveform_map(peaks(60), 60.0, TALK),
    "waveform with marks": lambda: session.waveform_map(peaks(60), 60.0, TALK, MARKS),
    "waveform of an hour": lambda: session.waveform_map(peaks(3000), 3000.0, hour()),
    "waveform of voices": lambda: session.waveform_map(peaks(60), 60.0, as_voices(TALK)),
    "waveform of silence": lambda: session.waveform_map(0 * peaks(60), 60.0, EMPTY),
    "waveform of nothing": lambda: session.waveform_map(peaks(0), 0.5, EMPTY),
    "balance": lambda: session.talk_balance(balance(TALK)),
    "balance of an hour": lambda: session.talk_balance(balance(hour())),
    "balance of voices": lambda: session.talk_balance(balance(as_voices(TALK))),
    "balance of one speaker": lambda: session.talk_balance(balance(turns_table([(1, 9, "client")]))),
    "balance of nobody": lambda: session.talk_balance(balance(EMPTY)),
    "pauses": lambda: session.pauses_and_gaps(TALK),
    "pauses of an hour": lambda: session.pauses_and_gaps(hour()),
    "pauses of voices": lambda: session.pauses_and_gaps(as_voices(TALK)),
    "pauses of one speaker": lambda: session.pauses_and_gaps(turns_table([(1, 9, "client")])),
    "pauses of nobody": lambda: session.pauses_and_gaps(EMPTY),
    "talk time": lambda: over_time.talk_time(sessions()),
    "talk time of nothing": lambda: over_time.talk_time(pd.DataFrame(columns=["session", "date"])),
    "moods": lambda: over_time.moods(moods([3, 4, np.nan, 5], [4, 4, 6, np.nan])),
    "moods of nothing": lambda: over_time.moods(moods([np.nan], [np.nan])),
    "tags": lambda: over_time.mood_tags(TAGS, {"heavy": ["tired"], "lighter": ["calm"]}),
    **{
        f"{what} of {when}": functools.partial(draw, path_of(days))
        for when, days in {"many sessions": MANY, "days close together": ODD, "years apart": FAR}.items()
        for what, draw in {
            "talk time": over_time.talk_time,
            "moods": over_time.moods,
            "tags": over_time.mood_tags,
        }.items()
    },
    "tags of nothing": lambda: over_time.mood_tags(tags(("2026-01-08", ""))),
}
charts_of_all_kinds = pytest.mark.parametrize("kind", EVERY)


def told_places(chart: Chart) -> dict[str, Any]:
    """What a page is told of where in a picture which time is."""
    found = re.search(r'data-therapy-review-map="([^"]*)"', chart._repr_mimebundle_()["text/html"])
    assert found
    told: dict[str, Any] = json.loads(html.unescape(found.group(1)))
    return told


@functools.cache
def drawn(kind: str) -> Chart:
    """Draw a chart once for all tests that only look at it."""
    return EVERY[kind]()


def spans(ax: Axes, label: str) -> list[tuple[float, float]]:
    """Start and end of every block a row of the map draws under a label."""
    return [
        (float(path.vertices[:, 0].min()), float(path.vertices[:, 0].max()))
        for blocks in ax.collections
        if blocks.get_label() == label
        for path in blocks.get_paths()
    ]


def dots(collection: Collection) -> np.ndarray:
    return np.asarray(collection.get_offsets())


def labels(ax: Axes) -> list[str]:
    return [tick.get_text() for tick in ax.get_yticklabels()]


def texts(chart: Chart) -> list[Text]:
    """Every text that is drawn; the labels of ticks outside an axis are not."""
    hidden = set()
    for ax in chart.axes:
        for axis in (ax.xaxis, ax.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = [*axis.get_major_ticks(), *axis.get_minor_ticks()]
            hidden |= {t.label1 for t in ticks if not low - 1e-9 <= t.get_loc() <= high + 1e-9}
    return [t for t in chart.findobj(Text) if t.get_text().strip() and t.get_visible() and t not in hidden]


# Any chart.


@charts_of_all_kinds
def test_every_chart_has_its_words(kind):
    chart = drawn(kind)
    assert chart.alt.endswith(".")
    assert chart.caption.endswith(".")
    assert not JUDGING.search(f"{chart.alt} {chart.caption}")


@charts_of_all_kinds
def test_every_chart_is_a_png_that_is_not_blank_and_not_too_large(kind):
    chart = drawn(kind)
    data = chart.png()
    picture = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert picture.shape[1] == WIDTH * chart.dpi
    assert len(np.unique(picture)) > 5
    assert len(data) < 250_000


@charts_of_all_kinds
def test_every_word_in_a_chart_is_large_enough_to_read(kind):
    assert min(text.get_fontsize() for text in texts(drawn(kind))) >= SMALLEST


@charts_of_all_kinds
def test_every_word_lies_within_the_picture_and_none_over_another(kind):
    chart = drawn(kind)
    canvas = FigureCanvasAgg(chart)
    canvas.draw()
    renderer = canvas.get_renderer()
    boxes = [text.get_window_extent(renderer) for text in texts(chart)]
    width, height = chart.bbox.size
    for box in boxes:
        assert box.x0 >= -1
        assert box.y0 >= -1
        assert box.x1 <= width + 1
        assert box.y1 <= height + 1
    for i, box in enumerate(boxes):
        assert box.count_overlaps([b.shrunk(0.9, 0.9) for b in boxes[i + 1 :]]) == 0


@charts_of_all_kinds
def test_drawing_leaves_matplotlib_as_it_was(kind):
    before = dict(mpl.rcParams)
    EVERY[kind]()
    assert dict(mpl.rcParams) == before


def test_writing_the_picture_leaves_matplotlib_as_it_was():
    before = dict(mpl.rcParams)
    drawn("map").png()
    assert dict(mpl.rcParams) == before


def test_drawing_never_opens_a_figure_of_pyplot():
    program = (
        "import sys; from therapy_review.charts import session; from therapy_review.turns import turns_table; "
        "session.session_map(turns_table([(0, 5, 'client')])).png(); assert 'matplotlib.pyplot' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_chart_looks_the_same_whatever_style_the_notebook_has():
    plain = session.session_map(TALK).png()
    with mpl.rc_context({"font.size": 30, "text.color": "red", "axes.facecolor": "black"}):
        assert session.session_map(TALK).png() == plain


def test_charts_drawn_in_several_threads_are_those_drawn_in_one():
    alone, drawn = session.talk_balance(balance(TALK)).png(), []
    threads = [
        threading.Thread(target=lambda: drawn.append(session.talk_balance(balance(TALK)).png()))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [alone] * 4


def test_a_notebook_shows_the_picture_with_its_words_for_everybody():
    chart = session.session_map(TALK, names={"client": 'A <b> "B"'})
    chart.png()  # the layout settles within a pixel
    bundle = chart._repr_mimebundle_()
    assert set(bundle) == {"text/html", "text/plain"}
    assert bundle["text/plain"].startswith(chart.alt)
    markup = bundle["text/html"]
    assert "<figcaption>" in markup
    assert "max-width:100%" in markup
    assert "<b>" not in markup
    assert 'alt="Map of' in markup
    found = re.search(r'src="data:image/png;base64,([^"]+)"', markup)
    assert found
    shown, drawn = (
        np.asarray(Image.open(io.BytesIO(data))) for data in (base64.b64decode(found.group(1)), chart.png())
    )
    np.testing.assert_array_equal(shown, drawn)


def test_nothing_to_show_is_said_calmly():
    assert nothing_yet("Nothing here yet.").alt == "Nothing here yet."
    assert session.session_map(EMPTY).alt.startswith("Nobody is heard")


# A click on a time.


def test_a_picture_tells_no_page_where_its_times_are_unless_it_leads_to_a_session():
    assert "data-therapy-review-map" not in session.session_map(TALK)._repr_mimebundle_()["text/html"]
    balanced = session.talk_balance(balance(TALK)).leading_to("2026-03-05")
    assert "data-therapy-review-map" not in balanced._repr_mimebundle_()["text/html"]


@pytest.mark.parametrize("turns", [TALK, hour()], ids=["a minute", "an hour"])
def test_a_map_tells_where_each_row_of_time_lies_within_the_picture(turns):
    chart = session.session_map(turns, MARKS).leading_to("2026-03-05-2")
    told = told_places(chart)
    assert told["session"] == "2026-03-05-2"
    assert [tuple(row[:2]) for row in told["rows"]] == [ax.get_xlim() for ax in chart.axes]
    bottom = 0.0
    for _, _, left, right, top, low in told["rows"]:
        assert 0 <= left < right <= 1
        assert bottom <= top < low <= 1
        bottom = low


@pytest.mark.parametrize(
    "chart",
    [
        session.session_map(TALK),
        session.session_map(LONG, names={"client": "A very long name, to move the axis"}),
        session.waveform_map(peaks(60), 60.0, TALK),
    ],
    ids=["map", "map of three rows", "waveform"],
)
def test_a_click_on_a_block_leads_to_the_time_it_was_spoken(chart):
    rows = told_places(chart.leading_to("2026-03-05"))["rows"]
    picture = np.asarray(Image.open(io.BytesIO(chart.png())).convert("RGB"), dtype=int)
    blue = np.abs(picture - [0x00, 0x72, 0xB2]).sum(axis=2) < 60
    for (start, end, left, right, top, low), ax in zip(rows, chart.axes, strict=True):
        here = blue[round(top * len(blue)) : round(low * len(blue))]
        columns = np.flatnonzero(here.sum(axis=0) > 8) / blue.shape[1]
        first, last = ((x - left) / (right - left) * (end - start) + start for x in (columns[0], columns[-1]))
        blocks = spans(ax, "client") or [(9.0, 60.0)]
        within = (end - start) / 500  # two or three of the picture's dots
        assert first == pytest.approx(min(a for a, _ in blocks), abs=within)
        assert last == pytest.approx(max(b for _, b in blocks), abs=within)


def test_the_name_of_a_session_cannot_break_out_of_the_picture():
    markup = session.session_map(TALK).leading_to('"><b>')._repr_mimebundle_()["text/html"]
    assert "<b>" not in markup


# The waveform of one session.


def test_a_waveform_says_how_long_it_is_who_speaks_and_where_the_marks_are():
    chart = session.waveform_map(peaks(61), 61.0, TALK, MARKS)
    assert chart.alt.startswith("The sound of")
    assert session.session_map(TALK).alt.split(". ", 1)[1] in chart.alt
    assert chart.alt.endswith(" 1 mark of yours, at 0:20.")
    assert "mark" not in session.waveform_map(peaks(61), 61.0, TALK).alt
    assert "Nobody" not in chart.alt


def test_a_waveform_is_as_high_as_the_sound_is_loud_and_a_voice_lies_below_it():
    quiet_then_loud = np.repeat([[-0.01, 0.01], [-0.8, 0.8]], 30 * 32, axis=0).astype(np.float32)
    (ax,) = session.waveform_map(quiet_then_loud, 60.0, TALK).axes
    shape = ax.collections[0].get_paths()[0].vertices
    assert shape[shape[:, 0] < 29, 1].max() < 0.2
    assert shape[shape[:, 0] > 31, 1].max() == pytest.approx(1)
    assert labels(ax) == ["you", "therapist"]
    assert ax.get_xlim() == (0.0, 60.0)
    below = [path.vertices[:, 1].max() for blocks in ax.collections[1:] for path in blocks.get_paths()]
    assert max(below) < -1


def test_an_hour_of_waveform_is_small_enough_to_be_kept_in_a_notebook():
    assert len(drawn("waveform of an hour").png()) < 70_000


# The map of one session.


@pytest.mark.parametrize("turns", [TALK, hour()], ids=["a minute", "an hour"])
def test_the_blocks_on_a_persons_lane_add_up_to_their_talk_time(turns):
    chart = session.session_map(turns)
    for person, seconds in talk_time(turns).items():
        drawn = sum(end - start for ax in chart.axes for start, end in spans(ax, person))
        assert drawn == pytest.approx(seconds)


def test_the_blocks_lie_where_the_turns_are():
    (ax,) = session.session_map(TALK).axes
    for person, own in TALK.groupby("speaker"):
        assert np.array(spans(ax, str(person))) == pytest.approx(own[["start", "end"]].to_numpy())
    both = overlaps(TALK)[["start", "end"]].to_numpy()
    assert np.array(spans(ax, "overlap")) == pytest.approx(np.tile(both, (2, 1)))  # on both lanes


def test_an_hour_goes_on_in_rows_of_ten_minutes_and_nothing_is_drawn_outside_its_row():
    chart = session.session_map(hour())
    assert [ax.get_xlim() for ax in chart.axes] == [(600.0 * i, 600.0 * (i + 1)) for i in range(5)]
    for ax in chart.axes:
        low, high = ax.get_xlim()
        assert all(low <= start < end <= high for p in ("client", "therapist") for start, end in spans(ax, p))


def test_a_short_session_has_one_row_of_its_own_length():
    assert len(session.session_map(hour(minutes=11)).axes) == 1


def test_a_silence_that_runs_over_the_end_of_a_row_is_shaded_in_both():
    said = turns_table([(0, 595, "client"), (607, 900, "therapist")])
    shaded = [
        (patch.get_x(), patch.get_x() + patch.get_width())
        for ax in session.session_map(said).axes
        for patch in ax.patches
    ]
    assert shaded == [(595, 600), (600, 607)]


def test_long_silences_are_marked_with_their_seconds():
    (ax,) = session.session_map(TALK).axes
    quiet = long_silences(TALK)
    shaded = np.array([(patch.get_x(), patch.get_width()) for patch in ax.patches])
    assert shaded == pytest.approx(quiet[["start", "duration"]].to_numpy())
    assert sorted(text.get_text() for text in ax.texts) == ["4", "7"]


def test_lanes_are_labelled_so_that_colour_is_never_the_only_sign():
    assert labels(session.session_map(TALK).axes[0]) == ["you", "therapist"]
    renamed = session.session_map(TALK, names={"client": "Robin", "therapist": "Daniel"})
    assert labels(renamed.axes[0]) == ["Robin", "Daniel"]
    assert "Robin 83%" in renamed.alt


def test_voices_without_names_are_said_to_be_unnamed():
    chart = session.session_map(as_voices(TALK))
    assert labels(chart.axes[0]) == ["voice 1\n(not named yet)", "voice 2\n(not named yet)"]
    assert "voice 1 (not named yet) 83%" in chart.alt
    assert "voice is whose" in chart.caption


def test_the_words_of_the_map_hold_its_numbers():
    alt = session.session_map(TALK, MARKS).alt
    assert "0:02 to 1:00" in alt
    assert "you 83% in 2 turns, therapist 17% in 2 turns" in alt
    assert "longest 7 s at 0:40" in alt
    assert "Both at once 2 times." in alt
    assert "1 mark of yours, at 0:20." in alt


def test_overlap_that_was_not_seen_is_not_said_to_be_none():
    alone = turns_table([(0, 5, "client"), (6, 9, "therapist")])
    assert "at once" not in session.session_map(alone).alt


# Balance, pauses and gaps.


def test_the_bars_of_the_balance_are_the_shares():
    table = balance(TALK)
    (ax,) = session.talk_balance(table).axes
    drawn = {bars.get_label(): [bar.get_height() for bar in bars] for bars in ax.containers}
    for person, own in table.groupby("speaker"):
        assert drawn[str(person)] == pytest.approx(own["share"].fillna(0).tolist())
    percent = ", ".join(f"{share:.0%}" for share in table.loc[table["speaker"] == "client", "share"])
    assert percent in session.talk_balance(table).alt


def test_a_part_in_which_nobody_spoke_says_so():
    chart = session.talk_balance(balance(turns_table([(0, 10, "client"), (40, 50, "therapist")])))
    assert "nobody\nspoke" in [text.get_text() for text in chart.axes[0].texts]
    assert "nobody spoke" in chart.alt


def test_there_is_one_dot_for_every_pause_and_every_answer():
    turns = hour()
    (ax,) = session.pauses_and_gaps(turns).axes
    drawn = np.concatenate([dots(c)[:, 0] for c in ax.collections if isinstance(c, PathCollection)])
    expected = np.concatenate([pauses(turns)["duration"], gaps(turns)["latency"]])
    assert np.sort(drawn) == pytest.approx(np.sort(expected))
    said = [text.get_text() for text in ax.texts if text.get_text().startswith("n = ")]
    assert sum(int(text.removeprefix("n = ")) for text in said) == len(expected)


def test_the_middle_is_only_marked_with_three_values_or_more():
    few = turns_table([(0, 1, "client"), (2, 3, "client"), (4, 5, "client")])
    assert "you, pauses: 2 times;" in session.pauses_and_gaps(few).alt
    more = turns_table([(2 * i, 2 * i + 1, "client") for i in range(4)])
    assert "you, pauses: 3 times, middle 1.0 s" in session.pauses_and_gaps(more).alt


def test_a_silence_beyond_the_axis_is_an_arrowhead_and_said_to_be_longer():
    chart = session.pauses_and_gaps(turns_table([(0, 5, "client"), (65, 70, "therapist")]))
    assert chart.axes[0].get_xlim()[1] < 25
    assert "longer than 20 s." in chart.caption
