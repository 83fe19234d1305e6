"""The sentences say what is known and no more."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from believable import write_journal
from conftest import root_of
from hypothesis import given, settings
from hypothesis import strategies as st

from therapy_review import Journal, open_journal
from therapy_review.changes import change
from therapy_review.measure_names import MOODS, name_of
from therapy_review.measures import MEASURES, OF_ONE
from therapy_review.prosody import MEASURES as VOICE
from therapy_review.trend_words import CERTAIN, amount, in_words, sentence
from therapy_review.trends import trends

JUDGING = re.compile(
    r"\b(better|worse|good|bad|improv|progress|declin|normal|healthy|success|fail|should|well done|streak|because)",
    re.IGNORECASE,
)


def weeks(n: int, start: str = "2026-03-05") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=n, freq="7D")


def said(values: list, unit: str = "points", name: str = "the mood you left with") -> str:
    return in_words(change(weeks(len(values)), values), name, unit)


def test_two_points_lower_is_said_with_when_and_how_sure():
    assert said([7, 7, 6, 7, 6, 6, 5, 6, 5, 5, 5, 4]) == (
        "The mood you left with, from March to May 2026: about two points lower in the last three sessions "
        f"(from May 2026 on) than in the first three (until March 2026); {CERTAIN}."
    )


def test_under_five_sessions_it_is_too_early_to_say_and_how_many_are_needed_is_said():
    assert said([3, 5, 7]).endswith("it is too early to say; three sessions so far, and five are needed.")
    assert said([3]).endswith("one session so far, and five are needed.")


def test_what_could_be_chance_is_too_early_to_say():
    assert "it is too early to say; over 10 sessions" in said([5, 6, 4, 5, 7, 4, 6, 5, 5, 6])


def test_few_sessions_are_told_by_the_month():
    assert "it moved higher by about" in said([2, 3, 4, 5, 6, 8])
    assert "a month" in said([2, 3, 4, 5, 6, 8])


def test_nothing_noted_is_said_to_be_so(journal: Journal):
    table = trends(journal, ["mood_after"]).assign(value=np.nan)
    assert sentence(table) == "Nothing has been noted of this yet."


def test_a_line_with_phases_says_which_part_the_sentence_is_about():
    days = weeks(20)
    table = pd.DataFrame(
        {
            "session": days.strftime("%Y-%m-%d"),
            "date": days,
            "measure": "talk_share",
            "speaker": "client",
            "value": [*np.linspace(0.9, 0.8, 10), *np.linspace(0.3, 0.6, 10)],
            "unit": "share",
            "name": "your part of all talking",
            "phase": ["nothing noted"] * 10 + ["online"] * 10,
            "which": ["before you met online"] * 10 + ["since you meet online"] * 10,
        }
    )
    words = sentence(table)
    assert words.startswith("Your part of all talking, from May to July 2026: about")
    assert "percentage points higher" in words
    assert words.endswith("This is about 10 of the 20 sessions: those since you meet online.")
    assert "of the 20" not in sentence(table.assign(phase=""))


@given(
    st.lists(st.integers(0, 27), min_size=0, max_size=24),
    st.sampled_from(["points", "count", "share", "s", "Hz", "semitones", "dB"]),
)
@settings(max_examples=100, deadline=None)
def test_no_sentence_judges_and_a_claim_is_made_only_where_there_is_one(values: list[int], unit: str):
    found = change(weeks(len(values)), values)
    words = in_words(found, "the time you took", unit)
    assert not JUDGING.search(words)
    assert words.count(".") - len(re.findall(r"\d\.\d", words)) == 1
    claims = [word for word in ("higher", "lower") if re.search(rf"\b{word}\b", words)]
    assert claims == ([] if found.direction == "too early to say" else [found.direction])
    assert (CERTAIN in words) == bool(claims)
    assert ("too early to say" in words) != bool(claims)


@given(st.lists(st.integers(1, 10), min_size=8, max_size=30))
@settings(max_examples=100, deadline=None)
def test_the_size_that_is_said_is_the_one_between_the_quarters(values: list[int]):
    found = change(weeks(len(values)), values)
    words = in_words(found, "it", "points")
    if "sessions (from" in words:
        assert found.quarters is not None
        assert f"about {amount(abs(found.quarters.difference), 'points')} {found.direction}" in words
        assert (found.quarters.difference > 0) == (found.direction == "higher")


@pytest.mark.parametrize(
    ("value", "unit", "words"),
    [
        (2.0, "points", "two points"),
        (1.0, "points", "one point"),
        (2.5, "points", "2.5 points"),
        (0.4, "points", "0.4 points"),
        (14.4, "points", "14 points"),
        (3.1, "count", "three"),
        (0.01, "share", "1 percentage point"),
        (0.123, "share", "12 percentage points"),
        (0.004, "share", "0.4 percentage points"),
        (1.04, "s", "1 second"),
        (62.3, "s", "62 seconds"),
        (3.2, "semitones", "3.2 semitones"),
        (0.01, "points", ""),
    ],
)
def test_sizes_are_rounded_to_what_can_be_meant(value: float, unit: str, words: str):
    assert amount(value, unit) == words


@pytest.mark.parametrize("measure", [*MEASURES, *VOICE, *MOODS])
def test_every_measure_has_a_plain_name(measure: str):
    own = measure in OF_ONE or measure in VOICE
    assert "_" not in name_of(measure, "client")
    assert ("your " in name_of(measure, "client")) == own
    assert ("your therapist's " in name_of(measure, "therapist")) == own
    assert "those" not in name_of(measure, "client")  # each stands alone


def test_a_questionnaire_is_called_as_the_client_calls_it():
    assert name_of("phq9") == "PHQ-9"
    assert name_of("How I sleep") == "How I sleep"


def test_a_name_the_client_gave_is_used_in_the_sentence(journal: Journal):
    settings = root_of(journal) / "journal.toml"
    own = '\n[scales.phq9]\nname = "How heavy it was"\n[scales.sleep]\nname = "Sleep, from my diary"\n'
    own += "low = 0\nhigh = 10\n"
    settings.write_text(settings.read_text() + own)
    notes = root_of(journal) / journal.sessions[-1].file("notes.md")
    notes.write_text(notes.read_text().replace("phq9: 7", "sleep: 5, phq9: 7"))
    mine = open_journal(root_of(journal))
    assert sentence(trends(mine, "phq9")).startswith("How heavy it was, from January")
    assert sentence(trends(mine, "sleep")).startswith("Sleep, from my diary: ")


def test_no_sentence_of_a_journal_with_every_change_uses_a_technical_word(tmp_path: Path):
    table = trends(write_journal(tmp_path / "journal", 80))
    said = [sentence(own) for _, own in table.groupby(["measure", "speaker"]) if own["value"].notna().any()]
    assert len(said) > 20
    assert not re.search(r"0\.2|built-in|noted as|turns by|floor|clip", " ".join(said))
    share = sentence(table[(table["measure"] == "talk_share") & (table["speaker"] == "client")])
    since = (
        "those where you did not meet online, after a change of microphone and since another version of the "
    )
    assert f"This is about 19 of the 80 sessions: {since}program listens." in share
