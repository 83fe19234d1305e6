"""The path as a picture, at eight sessions and at two hundred: what is drawn is what the tables hold."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import combinations, pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.collections import PathCollection
from matplotlib.text import Text
from PIL import Image

from tests.conftest import PRACTICE
from tests.support.believable import Truth, write_journal
from therapy_review import Journal, open_journal
from therapy_review.charts.base import OF_A_PART, Chart, Row, first_sentence
from therapy_review.charts.overview import ROWS, path
from therapy_review.charts.usual_range import beside_usual, usual_over_time
from therapy_review.journal.scales import BUILT_IN_SCALES, OWN, Scale, cut_off_in_words
from therapy_review.trends import in_words
from therapy_review.trends.in_words import OF_PAGE
from therapy_review.trends.overview import Way, way
from therapy_review.trends.usual_range import usual
from therapy_review.wording import day

EIGHT, MANY = 8, 200
SMALLEST = 8.5  # points


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> dict[int, Way]:
    found = {}
    for number in (EIGHT, MANY):
        journal = write_journal(tmp_path_factory.mktemp("path") / "journal", number)
        for session in journal.sessions[:: max(2, number // 9)]:
            journal.store.write(session.file("marks.csv"), b"start,kind\n60,proud moment\n90,proud\n")
        found[number] = way(journal)
    return found


def words_of(chart: object) -> list[str]:
    return [text.get_text() for text in chart.findobj(Text) if text.get_text()]  # type: ignore[attr-defined]


@pytest.mark.parametrize("number", [EIGHT, MANY])
def test_every_row_is_there_with_its_words(ways: dict[int, Way], number: int) -> None:
    chart = path(ways[number], scales=BUILT_IN_SCALES)
    assert [row.what for row in chart.rows] == ["mood", "talk", "silences", "scores", "proud", "tags"]
    assert f"{number} sessions from" in chart.alt
    for words in ("Mood:", "the talking:", "Long silences:", "PHQ-9:", "proud moments", "Words"):
        assert words in chart.alt
    assert "look more closely" in chart.caption
    assert all(text.get_fontsize() >= SMALLEST for text in chart.findobj(Text) if text.get_text())


@pytest.mark.parametrize("number", [EIGHT, MANY])
def test_what_stands_above_one_another_is_one_session_and_nothing_is_cut_off(
    ways: dict[int, Way], number: int
) -> None:
    chart = path(ways[number], scales=BUILT_IN_SCALES)
    picture = np.asarray(Image.open(io.BytesIO(chart.png())).convert("L"))
    for edge in (picture[0], picture[-1], picture[:, 0], picture[:, -1]):
        assert (edge > 240).all()
    rows = chart.standing()
    assert all(0 <= row["left"] <= min(row["at"]) and max(row["at"]) <= row["right"] <= 1 for row in rows)
    assert [row["top"] for row in rows] == sorted(row["top"] for row in rows)
    assert all(above["bottom"] < below["top"] for above, below in pairwise(rows))
    where = [dict(zip(row["sessions"], row["at"], strict=True)) for row in rows]
    assert all(one[name] == where[0][name] for one in where for name in one)
    assert list(where[0].values()) == sorted(where[0].values())


def drawn_sentences(row: Row) -> str:
    """What stands between a row and its title, as one line."""
    return " ".join(
        " ".join(text.get_text().split())
        for text in row.ax.texts
        if "\n" in text.get_text() or "." in text.get_text()
    )


@pytest.mark.parametrize("number", [EIGHT, MANY])
def test_every_row_says_below_its_title_what_its_numbers_bear(ways: dict[int, Way], number: int) -> None:
    found = ways[number]
    chart = path(found, scales=BUILT_IN_SCALES)
    rows = {row.what: drawn_sentences(row) for row in chart.rows}
    for what, line in (
        ("mood", ("mood_before", "")),
        ("mood", ("mood_after", "")),
        ("talk", ("talk_share", "client")),
        ("silences", ("long_silences", "")),
        ("scores", ("phq9", "")),
    ):
        whole = in_words.said_of_lines(found)[line]
        claim = re.split(r"(?<=\.) (?=[A-Z])", whole)[0]
        assert claim in rows[what]
        assert claim in chart.alt
        assert "This is about" not in rows[what] + chart.alt  # said once, below the picture
    assert (OF_A_PART in chart.caption) == (number == MANY)
    assert rows["proud"].endswith("sessions.")
    assert rows["tags"] == in_words.said_of_word(found.tags, in_words.words_by_use(found.tags)[0])
    assert rows["tags"] in chart.alt
    assert OF_PAGE in chart.caption


def test_of_sessions_that_were_picked_and_for_other_readers_nothing_is_claimed(ways: dict[int, Way]) -> None:
    for chart in (path(ways[MANY], sentences=False), path(ways[MANY], names={"client": "Robin"})):
        assert "".join(map(drawn_sentences, chart.rows)) == ""
        assert "chance" not in chart.alt + chart.caption


def test_measures_beside_the_usual_range_say_what_they_bear_too(ways: dict[int, Way]) -> None:
    measured = ways[MANY].measured
    told = in_words.said_of_lines(ways[MANY])
    chart = usual_over_time(usual(measured[measured["unit"].isin(["s", "share", "count"])]), told)
    rows = {row.what: drawn_sentences(row) for row in chart.rows}
    for measure, speaker in (
        ("longest_turn", "client"),
        ("longest_silence", ""),
        ("latency_median", "client"),
    ):
        claim = first_sentence(told[measure, speaker])
        assert claim in rows[f"{speaker}_{measure}".strip("_")]
        assert claim in chart.alt


def test_what_a_row_says_of_a_session_is_what_its_notes_say() -> None:
    chart = path(way(open_journal(PRACTICE)))
    said = {row.what: dict(zip(row.sessions, row.said, strict=True)) for row in chart.rows}
    assert said["mood"]["2026-02-19"] == "2 before, 3 after"
    assert said["tags"]["2026-02-05"] == "calm, restless, hopeful"
    assert said["scores"] == {
        "2026-01-08": "14",
        "2026-01-29": "13",
        "2026-02-12": "11",
        "2026-02-26": "9",
        "2026-03-05": "7",
    }


def test_a_week_that_was_missed_stays_open(ways: dict[int, Way]) -> None:
    chart = path(ways[EIGHT], ["mood"])
    days = np.array(chart.rows[0].days)
    gaps = ways[EIGHT].sessions["date"].diff().dt.days.to_numpy()[1:]
    assert np.diff(days).tolist() == gaps.tolist()


def test_the_cut_off_is_a_line_and_a_questionnaire_nobody_knows_has_none(ways: dict[int, Way]) -> None:
    (known,), (unknown,) = (
        [ax for ax in path(ways[EIGHT], ["scores"], scales=scales).axes if ax.axison]
        for scales in (BUILT_IN_SCALES, {})
    )
    assert [line.get_ydata()[0] for line in known.lines if len(set(line.get_ydata())) == 1] == [10]
    assert not unknown.lines


def in_phases(found: Way, lengths: Sequence[int], of: Callable[[int], str]) -> Way:
    """Let what comes from sound, and every second time moods too, go through phases of so many sessions."""
    names = found.sessions["session"].tolist()
    number = dict(zip(names, np.repeat(range(len(lengths)), lengths), strict=True))
    heard = found.measured["session"].map(lambda name: of(number[name]))
    held = found.measured["session"].map(lambda name: f"Therapist {1 + number[name] // 2}")
    of_moods = found.measured["unit"] == "points"
    return replace(found, measured=found.measured.assign(phase=held.where(of_moods, held + ", " + heard)))


def evenly(sessions: int, phases: int) -> list[int]:
    return [len(part) for part in np.array_split(range(sessions), phases)]


CROWDED = [MANY - 39, *[3] * 13]  # numbers of two digits, three weeks apart


@pytest.mark.parametrize(
    "lengths",
    [*(evenly(number, phases) for number in (EIGHT, MANY) for phases in (1, 3, 6)), CROWDED],
    ids=lambda lengths: f"{sum(lengths)} sessions, {len(lengths)} phases, {min(lengths)} at least",
)
def test_no_words_lie_on_others_and_the_rows_keep_their_width(
    ways: dict[int, Way], lengths: list[int]
) -> None:
    found = in_phases(ways[sum(lengths)], lengths, lambda n: f"a microphone of some name, number {n}")
    chart = path(found, scales=BUILT_IN_SCALES)
    chart.png()
    drawn = FigureCanvasAgg(chart).get_renderer()
    unseen = beyond(chart)
    texts = [t for t in chart.findobj(Text) if t.get_text() and t.get_visible() and t not in unseen]
    boxes = [(t.get_text(), t.get_window_extent(drawn)) for t in texts]
    for (one, box), (other, beside) in combinations(boxes, 2):
        assert not box.padded(-1).overlaps(beside.padded(-1)), f"{one} / {other}"
    for _, box in boxes:
        assert box.x0 >= 0
        assert box.x1 <= chart.bbox.width
    assert all(row["right"] - row["left"] > 0.75 for row in chart.standing())


def beyond(chart: Chart) -> list[Text]:
    """The labels of ticks that lie outside what an axis shows."""
    axes = [axis for ax in chart.axes for axis in (ax.xaxis, ax.yaxis)]
    spans = {axis: sorted(axis.get_view_interval()) for axis in axes}
    ticks = [(axis, tick) for axis in axes for tick in axis.get_major_ticks()]
    return [tick.label1 for axis, tick in ticks if not spans[axis][0] <= tick.get_loc() <= spans[axis][1]]


def cut_at(chart: Chart) -> dict[str, list[float]]:
    """The places of the dotted lines, by row."""
    return {
        row.what: [float(line.get_xdata()[0]) for line in row.ax.lines if line.get_linestyle() == ":"]
        for row in chart.rows
    }


def test_a_phase_that_lasts_is_numbered_and_a_single_session_apart_has_a_lane_of_its_name(
    ways: dict[int, Way],
) -> None:
    chart = path(ways[MANY])
    first = ways[MANY].sessions["date"].iloc[60]
    (below,) = [words for words in words_of(chart) if words.startswith("1   from")]
    assert below == f"1   from {day(first)} on: clip-on, silences from 0.25 s"
    assert "1" in words_of(chart)
    strip = chart.axes[-1]
    assert [label.get_text() for label in strip.get_yticklabels()] == ["from here", "online"]
    strokes = [line for line in strip.lines if line.get_marker() == "|"]
    assert [len(line.get_xdata()) for line in strokes] == [MANY // 17]
    assert "11 single sessions: online." in chart.alt
    assert f"From {day(first)} on: clip-on" in chart.alt
    assert "A stroke in" in chart.caption
    assert ";" not in chart.caption[chart.caption.index("A stroke in") :].split(".")[0]
    assert not [words for words in words_of(path(ways[EIGHT])) if "from here" in words]


def test_another_microphone_cuts_what_comes_from_sound_and_leaves_moods_alone(ways: dict[int, Way]) -> None:
    cut = cut_at(path(ways[MANY], scales=BUILT_IN_SCALES))
    assert {what: len(places) for what, places in cut.items()} == {
        "mood": 0,
        "talk": 1,
        "silences": 1,
        "scores": 0,
        "proud": 0,
        "tags": 0,
    }


def test_another_therapist_at_sessions_without_sound_is_marked_where_the_moods_tell_of_it(
    tmp_path: Path,
) -> None:
    journal = write_journal(tmp_path / "journal", 30, Truth(new_microphone=8))
    for number, session in enumerate(journal.sessions):
        notes = journal.store.read(session.file("notes.md")).decode()
        if number == 12:
            notes = notes.replace("---\n", "---\ntherapist: Anna\n", 1)
        journal.store.write(session.file("notes.md"), notes.encode())
        if number >= 12:
            for name in ("turns.csv", "measures.json", "made_from.json"):
                journal.store.remove(session.file(f"derived/{name}"))
    found = way(journal)
    chart = path(found, scales=BUILT_IN_SCALES)
    cut = cut_at(chart)
    assert [len(cut[what]) for what in ("mood", "talk", "scores")] == [1, 1, 1]
    assert cut["mood"] == cut["scores"] != cut["talk"]
    assert f"From {day(found.sessions['date'].iloc[12])} on: Anna." in chart.alt


def test_rows_of_which_nothing_is_kept_are_left_out_and_of_nothing_it_is_said(journal: Journal) -> None:
    found = way(journal)
    assert [row.what for row in path(found).rows] == ["mood", "scores", "tags"]
    assert path(found.only([])).alt.startswith("Nothing of this")
    assert path(found, ["talk"]).rows == []


def test_whoever_else_looks_reads_a_name_in_place_of_you(ways: dict[int, Way]) -> None:
    chart = path(ways[EIGHT], names={"client": "Robin"})
    told = " ".join([*words_of(chart), chart.alt, chart.caption])
    assert "Robin's part" in told
    assert " you" not in told.replace("young", "").lower()


def test_a_span_and_a_word_leave_the_sessions_they_name(ways: dict[int, Way]) -> None:
    found = ways[EIGHT]
    names = found.sessions["session"].tolist()
    assert found.between(names[2], names[4]).sessions["session"].tolist() == names[2:5]
    used = found.tags[found.tags["tag"] == "calm"]["session"].tolist()
    assert found.named("calm").sessions["session"].tolist() == used


@pytest.mark.parametrize("number", [EIGHT, MANY])
def test_usual_ranges_are_drawn_from_the_sixth_session_on(ways: dict[int, Way], number: int) -> None:
    measured = ways[number].measured
    table = usual(measured[measured["unit"].isin(["s", "share", "count"])])
    chart = usual_over_time(table)
    assert len(chart.rows) == 5
    share = chart.rows[0]
    assert share.what == "client_talk_share"
    assert "usual before" not in share.said[4]
    assert "usual before" in share.said[5]
    bars = [patch for patch in share.ax.patches if patch.get_height() > 0]
    own = table[(table["measure"] == "talk_share") & table["middle"].notna()]
    np.testing.assert_allclose([b.get_height() for b in bars], own["high"] - own["low"])
    np.testing.assert_allclose([b.get_y() for b in bars], own["low"])
    last = own["session"].iloc[-1]
    assert f"The session of {last}" in beside_usual(table, last).alt
    assert "half of all" in chart.caption


def test_what_is_far_out_has_a_ring_and_is_named() -> None:
    days = pd.date_range("2026-01-08", periods=7, freq="7D")
    table = pd.DataFrame({"session": days.astype(str), "date": days, "value": [4, 5, 6, 7, 8, 60.0, 6]})
    table = usual(
        table.assign(
            measure="longest_silence",
            speaker="",
            name="",
            unit="s",
            phase="",
            which="",
            reliable_change=np.nan,
        )
    )
    chart = usual_over_time(table)
    dots = [c for c in chart.rows[0].ax.collections if isinstance(c, PathCollection)]
    rings = [c.get_offsets().tolist() for c in dots if not len(c.get_facecolor())]
    assert [y for ((_, y),) in rings] == [60]
    assert "far outside it: 2026-02-12" in chart.alt
    assert "A ring" in chart.caption


def test_a_click_on_a_measure_leads_to_where_it_can_be_heard() -> None:
    days = pd.date_range("2026-01-08", periods=6, freq="7D")
    table = pd.DataFrame({"session": days.astype(str), "date": days, "value": [4, 5, 6, 7, 8, 60.0]})
    table = usual(table.assign(measure="longest_silence", speaker="", name="", unit="s", phase="", which=""))
    chart = beside_usual(table, "2026-02-12", {("longest_silence", ""): 93.5}).leading_to("2026-02-12")
    assert "[[93.5, 93.5, " in chart._repr_mimebundle_()["text/html"].replace("&quot;", '"')


def test_before_there_is_a_range_it_is_said_when_there_will_be(ways: dict[int, Way]) -> None:
    names = ways[EIGHT].sessions["session"].tolist()
    table = usual(ways[EIGHT].only(names[:5]).measured)
    for chart in (usual_over_time(table), beside_usual(table, names[4])):
        assert chart.alt.startswith("After 5 sessions")


SLEEP = Scale("phq9", "Sleep", 0, 27, "easier", cut_off=12, cut_off_source=OWN)


@pytest.mark.parametrize(
    ("scale", "said"),
    [
        (BUILT_IN_SCALES["phq9"], "PHQ-9: from 10 on"),
        (
            replace(BUILT_IN_SCALES["phq9"], higher_is="easier"),
            "PHQ-9: up to 10",
        ),
        (SLEEP, "Sleep: the line at 12 is your own."),
        (replace(SLEEP, higher_is="harder"), "Sleep: the line at 12 is your own."),
    ],
)
def test_a_cut_off_is_said_in_its_direction_and_whose_it_is(
    ways: dict[int, Way], scale: Scale, said: str
) -> None:
    caption = path(ways[EIGHT], ["scores"], scales={"phq9": scale}).caption
    assert f"broken line of {said}" in caption
    assert cut_off_in_words(scale)[1:] in caption
    assert ("services" in caption) == ("no diagnosis" in caption) == (scale.cut_off_source != OWN)
    named = path(ways[EIGHT], ["scores"], scales={"phq9": scale}, names={"client": "Robin"}).caption
    assert ("Robin's own" in named) == (scale.cut_off_source == OWN)


def test_rows_are_named_for_the_boxes_that_choose_them() -> None:
    assert list(ROWS) == ["mood", "talk", "silences", "scores", "proud", "tags"]
