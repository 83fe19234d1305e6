"""Trends: what is gathered across sessions, and what breaks a line."""

from __future__ import annotations

import csv
import datetime as dt
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import root_of
from tests.support.believable import DIALOGUES, Truth, dialogues, turns_of_a_session, write_journal
from tests.support.mood_words import weekly_tags
from therapy_review import Journal, open_journal
from therapy_review.errors import TrendsError
from therapy_review.measures.talk import talk_share
from therapy_review.trends.lasting_change import change_of
from therapy_review.trends.table import COLUMNS, moods_table, moving_share, sessions_table, tags_table, trends
from therapy_review.turns.table import turns_table, validate


@pytest.fixture(scope="module")
def years_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A believable journal of two years; not to be changed."""
    root = tmp_path_factory.mktemp("years") / "journal"
    write_journal(root)
    return root


@pytest.fixture
def years(years_once: Path) -> Journal:
    return open_journal(years_once)


def note(journal: Journal, number: int, text: str) -> None:
    journal.store.write(journal.sessions[number].file("notes.md"), f"---\n{text}\n---\n".encode())


def phases(journal: Journal, measure: str) -> list[str]:
    return trends(journal, [measure])["phase"].tolist()


# The table


def test_the_table_is_tidy_and_in_order_of_time(years: Journal):
    table = trends(years)
    assert table.columns.tolist() == COLUMNS
    assert not table.duplicated(["session", "measure", "speaker"]).any()
    assert table.groupby(["measure", "speaker"])["session"].apply(lambda s: s.is_monotonic_increasing).all()
    assert (table.groupby(["measure", "speaker"]).size() == 100).all()


def test_every_number_is_the_one_of_its_session(years: Journal):
    table = trends(years, ["mood_before", "mood_change", "client_talk_share", "long_silences", "phq9"])
    wide = table.assign(name=table["measure"] + table["speaker"]).pivot_table(
        index="session", columns="name", values="value"
    )
    for number in (0, 16, 47, 99):
        session = years.sessions[number]
        notes, measures = session.notes, session.measures.iloc[0]
        row = wide.loc[session.name]
        assert row["mood_before"] == notes.mood_before
        assert row["mood_change"] == notes.mood_after - notes.mood_before
        assert row["talk_shareclient"] == pytest.approx(measures["client_talk_share"])
        assert row["long_silences"] == measures["long_silences"]
        assert np.isnan(row["phq9"]) == ("phq9" not in notes.scores)


def test_missed_weeks_have_no_row_and_a_session_without_a_number_has_one(years: Journal):
    table = trends(years, ["phq9"])
    assert table["session"].tolist() == [session.name for session in years.sessions]
    assert table["value"].notna().sum() == 25
    assert table["date"].diff().max() >= pd.Timedelta(days=28)  # the month away stays as long as it was


def test_what_was_measured_in_a_recording_that_is_closed_now_is_not_told(heard: Journal):
    last = heard.sessions[-1].name
    measured = sessions_table(heard).set_index("session").loc[last]
    assert measured["client_talk_share"] > 0
    agreements = heard.store.read("agreements.toml")
    taken_back = f'\n[[revocation]]\nagreement = "a2"\non = {heard.today()}\n'.encode()
    heard.store.write("agreements.toml", agreements + taken_back)
    row = sessions_table(heard).set_index("session").loc[last]
    assert pd.isna(row.get("client_talk_share"))
    assert set(trends(heard)["measure"]) & {"client_talk_share", "talk_share", "long_silences"} == set()
    assert moods_table(heard).set_index("session").loc[last, "mood_after"] > 0  # it rests on no sound
    heard.store.write("agreements.toml", agreements)
    assert sessions_table(heard).set_index("session").loc[last, "client_talk_share"] > 0


def test_for_another_use_than_listening_again_that_use_is_asked_for(heard: Journal):
    def told(use: str) -> set[str]:
        table = trends(heard, ["client_talk_share", "mood_after"], use=use)
        return set(table.loc[table["value"].notna(), "measure"])

    assert told("review_together") == {"talk_share", "mood_after"}
    agreements = heard.store.read("agreements.toml")
    heard.store.write("agreements.toml", agreements.replace(b'"review_together", ', b"", 1))
    assert told("review_together") == {"mood_after"}
    assert told("self_review") == {"talk_share", "mood_after"}


def test_the_practice_journal_has_moods_and_scores_before_anything_is_analysed(journal: Journal):
    table = trends(journal)
    assert set(table["measure"]) == {"mood_before", "mood_after", "mood_change", "phq9"}
    assert table.query("measure == 'phq9'")["value"].dropna().tolist() == [14, 13, 11, 9, 7]


def test_measures_of_sessions_that_were_analysed_lie_beside_those_of_which_only_notes_are_there(
    heard: Journal,
):
    table = trends(heard, ["client_talk_share"])
    assert table["value"].notna().tolist() == [False] * 6 + [True] * 2
    assert table["floor"].notna().tolist() == [False] * 6 + [True] * 2
    assert table["value"].iloc[-1] == heard.sessions[-1].measures["client_talk_share"].iloc[0]


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (["talk_share"], {("talk_share", "client"), ("talk_share", "therapist")}),
        (["client_talk_share"], {("talk_share", "client")}),
        (["mood_after", "phq9", "mood_after"], {("mood_after", ""), ("phq9", "")}),
    ],
)
def test_measures_are_asked_for_by_name_or_by_name_and_speaker(years: Journal, wanted: list, found: set):
    table = trends(years, wanted)
    assert set(zip(table["measure"], table["speaker"], strict=True)) == found
    assert len(table) == 100 * len(found)


def test_a_measure_that_is_none_is_named_with_those_there_are(years: Journal):
    with pytest.raises(TrendsError, match=r"no measure happiness .* mood_after.* phq9"):
        trends(years, ["happiness"])


def test_since_leaves_out_what_was_before(years: Journal):
    table = trends(years, ["mood_after"], since=dt.date(2025, 6, 1))
    assert table["date"].min() >= pd.Timestamp("2025-06-01")
    assert len(table) == sum(session.date >= dt.date(2025, 6, 1) for session in years.sessions)
    assert trends(years, ["mood_after"], since=dt.date(2030, 1, 1)).empty


def test_a_day_and_a_single_measure_may_be_given_as_text(years: Journal):
    by_day = trends(years, ["phq9"], since=dt.date(2025, 6, 1))
    for since in ("2025-06-01", " 2025-06-01 ", pd.Timestamp("2025-06-01 18:00"), dt.datetime(2025, 6, 1, 9)):
        pd.testing.assert_frame_equal(trends(years, "phq9", since=since), by_day)


@pytest.mark.parametrize("since", ["soon", "2025-13-01", "2025-06-01x", "", pd.NaT, 2025, np.nan])
def test_a_day_that_is_none_is_one_sentence(years: Journal, since: object):
    with pytest.raises(TrendsError, match=r"^Since .* as in 2026-01-31\.$"):
        trends(years, "phq9", since=since)  # type: ignore[arg-type]


@pytest.mark.parametrize("measures", ["happiness", 7, [None], [["phq9"]]])
def test_what_is_no_measure_is_one_sentence(years: Journal, measures: object):
    with pytest.raises(TrendsError, match=r"no measure .* mood_before, .*\.$"):
        trends(years, measures)  # type: ignore[arg-type]


def test_a_journal_without_sessions_has_an_empty_table(tmp_path: Path):
    empty = write_journal(tmp_path / "new", sessions=0)
    for table in (trends(empty), sessions_table(empty), moods_table(empty), tags_table(empty)):
        assert table.empty
    assert trends(empty).columns.tolist() == COLUMNS
    assert moving_share(tags_table(empty)).empty


# Phases


def test_a_journal_in_which_nothing_changes_is_one_phase_without_a_name(heard: Journal):
    assert set(phases(heard, "client_talk_share")) == {""}
    assert set(phases(heard, "mood_after")) == {""}


def test_a_new_microphone_breaks_what_comes_from_sound_and_no_mood(years: Journal):
    named = phases(years, "client_talk_share")
    assert "phone on the table" in named[59]
    assert "clip-on" in named[60]
    assert "clip-on" in named[99]  # said once, it holds until another is
    assert not any("clip-on" in phase for phase in phases(years, "mood_after"))


def test_another_floor_breaks_a_line_and_stands_beside_each_number(years: Journal):
    assert "silences from 0.2 s" in phases(years, "long_silences")[59]
    assert "silences from 0.25 s" in phases(years, "long_silences")[60]
    assert trends(years, ["long_silences"])["floor"].tolist() == [0.2] * 60 + [0.25] * 40


def test_a_setting_counts_for_its_session_alone(heard: Journal):
    note(heard, 3, "mood_after: 5\nsetting: online")
    assert phases(heard, "mood_after") == ["nothing noted"] * 3 + ["online"] + ["nothing noted"] * 4


def test_another_therapist_holds_until_the_next_and_breaks_moods_too(heard: Journal):
    note(heard, 2, "mood_after: 5\ntherapist: Dana")
    note(heard, 6, "mood_after: 5\ntherapist: Kim")
    assert phases(heard, "mood_after") == ["nothing noted"] * 2 + ["Dana"] * 4 + ["Kim"] * 2


def test_turns_found_by_another_program_break_the_line(heard: Journal):
    made = root_of(heard) / heard.sessions[-1].file("derived/made_from.json")
    engine = heard.sessions[-1].made_from()["engine"]
    made.write_text(made.read_text().replace(f'"{engine}"', '"halves 1.0"'))
    table = trends(heard, "client_talk_share")
    assert table["phase"].tolist()[-2:] == ["turns: by the program", "turns: halves 1.0"]
    found = "the turns were found in another way"
    assert table["which"].tolist()[-2:] == [f"before {found}", f"since {found}"]


def test_what_is_written_in_the_notes_about_the_way_survives_a_round_trip(heard: Journal):
    note(heard, 2, "setting: walking  # by the river\nmood_after: 5")
    session = heard.sessions[2]
    session.save_notes(session.notes.changed(mood_after=6))
    assert (
        heard.store.read(session.file("notes.md"))
        == b"---\nsetting: walking  # by the river\nmood_after: 6\n---\n"
    )


@pytest.mark.slow
def test_pitch_is_joined_across_sessions_only_where_the_microphone_is_named(heard: Journal):
    from therapy_review.measures.pitch_loudness import prosody

    found = prosody(heard.sessions[-1]).set_index("speaker").loc["client", "pitch"]
    assert trends(heard, ["pitch"])["value"].notna().sum() == 0
    note(heard, 7, "microphone: phone on the shelf")
    assert trends(heard, ["client_pitch"])["value"].dropna().tolist() == pytest.approx([found])
    assert "pitch" not in set(trends(heard)["measure"])  # asked for by name alone


# Tags


def test_the_share_of_a_tag_is_taken_over_four_sessions_and_not_before_there_are_four():
    shares = moving_share(weekly_tags("calm", "calm tired", "tired", "calm", "", "", "calm", "", "", "", ""))
    calm = shares[shares["tag"] == "calm"]["share"].tolist()
    assert calm[3:10] == [0.75, 0.5, 0.25, 0.5, 0.25, 0.25, 0.25]
    assert np.isnan(calm[:3]).all()
    assert np.isnan(calm[10])  # four sessions without any word say nothing of this one
    assert shares[shares["tag"] == "calm"]["noted"].tolist()[3:] == [4, 3, 2, 2, 1, 1, 1, 0]


def test_a_share_is_of_sessions_however_far_apart_and_however_often_the_word_stands():
    table = weekly_tags("calm", "calm", "tired", "tired")
    apart = table.assign(date=table["date"] + pd.to_timedelta([0, 70, 700, 800], "D"))
    pd.testing.assert_series_equal(moving_share(apart)["share"], moving_share(table)["share"])
    assert moving_share(pd.concat([table, table]))["share"].dropna().tolist() == [0.5, 0.5]


def test_a_window_without_sessions_is_refused():
    with pytest.raises(TrendsError, match="A window of 0"):
        moving_share(weekly_tags("calm"), window=0)


# A believable journal, and what is known of it


def test_the_slopes_that_are_in_a_believable_journal_are_found(tmp_path: Path):
    truth = Truth(mood_a_month=0.12, phq9_a_month=-0.4)
    table = trends(write_journal(tmp_path / "j", truth=truth, seed=1), ["mood_after", "phq9"])
    mood, phq9 = (change_of(table[table["measure"] == measure]) for measure in ("mood_after", "phq9"))
    assert mood.direction == "higher"
    assert phq9.direction == "lower"
    assert mood.slope is not None
    assert phq9.slope is not None
    assert mood.slope.low <= 0.12 <= mood.slope.high
    assert phq9.slope.low <= -0.4 <= phq9.slope.high


def test_a_believable_journal_without_slopes_shows_none(tmp_path: Path):
    still = write_journal(tmp_path / "j", truth=Truth(mood_a_month=0.0, phq9_a_month=0.0), seed=4)
    table = trends(still, ["mood_before", "mood_after", "phq9"])
    assert {change_of(own).direction for _, own in table.groupby("measure")} == {"too early to say"}


def test_believable_turns_are_those_of_a_session():
    turns = turns_of_a_session(np.random.default_rng(2))
    validate(turns)
    assert 45 * 60 < turns["end"].max() <= 50 * 60
    assert 100 < len(turns) < 2000
    assert 0.2 < talk_share(turns)["client"] < 0.8


# Known answers: 40 real dialogues


def next_starts() -> dict[tuple[str, str], pd.DataFrame]:
    """The turns of every dialogue, each until the next one's start; by quality and name."""
    found = {}
    for (quality, name), own in dialogues().groupby(["quality", "transcript_id"]):
        ordered = own.sort_values("start_s", kind="stable")
        ends = ordered["start_s"].shift(-1)
        rows = zip(ordered["start_s"], ends, ordered["speaker"], strict=True)
        found[quality, name] = turns_table(row for row in rows if row[1] > row[0])
    return found


def second_by_second() -> dict[str, list[float]]:
    """The client's share of every dialogue, counted by hand: who holds each second; by quality."""
    said: dict[tuple[str, str], list[tuple[int, str]]] = defaultdict(list)
    with DIALOGUES.open(newline="", encoding="utf-8") as file:
        for row in csv.DictReader(file):
            said[row["quality"], row["transcript_id"]].append((int(float(row["start_s"])), row["speaker"]))
    shares = defaultdict(list)
    for (quality, _), utterances in said.items():
        last = max(start for start, _ in utterances)
        held: dict[int, str] = {}
        for start, speaker in sorted(utterances, key=lambda u: u[0]):
            for second in range(start, last):
                held[second] = speaker
        shares[quality].append(sum(who == "client" for who in held.values()) / len(held))
    return shares


@pytest.mark.skipif(
    not DIALOGUES.is_file(), reason="THERAPY_REVIEW_SHARED names no folder with the dialogues"
)
def test_the_clients_talk_share_in_forty_real_dialogues_is_what_counting_seconds_gives():
    known = second_by_second()
    shares = defaultdict(list)
    for (quality, _), turns in next_starts().items():
        shares[quality].append(talk_share(turns).get("client", 0.0))
    assert {quality: len(own) for quality, own in shares.items()} == {"high": 38, "low": 2}
    for quality, own in shares.items():
        assert sorted(own) == pytest.approx(sorted(known[quality]))
    # All 133 dialogues: mean 47 % (sd 14) and 38 % (sd 11); these are 40 of them.
    assert np.mean(shares["high"]) == pytest.approx(0.47, abs=0.05)
    assert np.mean(shares["low"]) == pytest.approx(0.38, abs=0.11)
