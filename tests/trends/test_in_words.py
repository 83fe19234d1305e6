"""The sentences say what is known and no more."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from syrupy.assertion import SnapshotAssertion

from tests.conftest import root_of
from tests.support.believable import write_journal
from tests.support.examples import examples
from tests.support.mood_words import weekly_tags
from therapy_review import Journal, open_journal
from therapy_review.trends.in_words import (
    CERTAIN,
    NOTHING_NOTED_YET,
    amount,
    said_of_change,
    said_of_word,
    sentences,
)
from therapy_review.trends.lasting_change import change
from therapy_review.trends.table import trends

JUDGING = re.compile(
    r"\b(better|worse|good|bad|improv|progress|declin|normal|healthy|success|fail|should|well done|streak|because)",
    re.IGNORECASE,
)


def weeks(n: int, start: str = "2026-03-05") -> pd.DatetimeIndex:
    return pd.date_range(start, periods=n, freq="7D")


def said(values: list, unit: str = "points", name: str = "the mood you left with") -> str:
    return said_of_change(change(weeks(len(values)), values), name, unit)


def sentence(table: pd.DataFrame) -> str:
    return sentences([table])[0]


def test_under_twelve_sessions_two_values_are_not_taken_for_the_size():
    words = said([9, 8, 8, 7, 6, 5, 4, 4])
    assert CERTAIN in words
    assert "sessions it was" not in words


def test_nothing_noted_is_said_to_be_so(journal: Journal):
    table = trends(journal, ["mood_after"]).assign(value=np.nan)
    assert sentence(table) == NOTHING_NOTED_YET


def test_a_line_with_phases_says_which_part_the_sentence_is_about():
    days, name = weeks(20), "share"
    table = pd.DataFrame(
        {
            "session": days.strftime("%Y-%m-%d"),
            "date": days,
            "measure": "talk_share",
            "speaker": "client",
            "value": [*np.linspace(0.9, 0.8, 10), *np.linspace(0.3, 0.6, 10)],
            "unit": "share",
            "name": f"your {name}",
            "reliable_change": np.nan,
            "phase": ["nothing noted"] * 10 + ["online"] * 10,
            "which": ["before you met"] * 10 + ["since you meet"] * 10,
        }
    )
    words = sentence(table)
    assert words.startswith(f"Your {name}, from May to July 2026: ")
    assert "moved higher" in words
    assert "percentage points a month" in words
    assert words.endswith(" since you meet.")
    assert "10 of the 20" in words
    assert "of the 20" not in sentence(table.assign(phase=""))


@given(
    st.lists(st.integers(0, 27), min_size=0, max_size=24),
    st.sampled_from(["points", "count", "share", "s", "Hz", "semitones", "dB"]),
)
@examples(100)
def test_no_sentence_judges_and_a_claim_is_made_only_where_there_is_one(values: list[int], unit: str):
    found = change(weeks(len(values)), values)
    words = said_of_change(found, "the time you took", unit)
    assert not JUDGING.search(words)
    stops = words.count(".") - len(re.findall(r"\d\.\d", words))
    assert stops == 1 + ("sessions it was" in words)
    claims = [word for word in ("higher", "lower") if re.search(rf"\b{word}\b", words)]
    assert claims == ([] if found.direction == "too early to say" else [found.direction])
    assert (CERTAIN in words) == bool(claims)
    assert ("too early" in words) != bool(claims)


@given(st.lists(st.integers(1, 10), min_size=8, max_size=30))
@examples(100)
def test_the_size_that_is_said_is_the_one_between_the_quarters(values: list[int]):
    found = change(weeks(len(values)), values)
    words = said_of_change(found, "it", "points")
    if "sessions it was" in words:
        assert found.n >= 12
        assert found.quarters is not None
        assert f"was about {amount(abs(found.quarters.difference), 'points')} {found.direction}" in words
        assert (found.quarters.difference > 0) == (found.direction == "higher")


def test_a_size_of_which_the_interval_holds_zero_is_left_out():
    values = [2, 4, 9, 3, 5, 4, 5, 6, 5, 7, 6, 7, 4, 8, 9]
    found = change(weeks(len(values)), values)
    assert found.direction == "higher"
    assert found.quarters is not None
    assert found.quarters.low <= 0 < found.quarters.difference
    assert CERTAIN in said(values)
    assert "sessions it was" not in said(values)


def scores(values: Sequence[float], enough: float = np.nan) -> pd.DataFrame:
    """Make the table of a questionnaire that was filled in, or not, week by week."""
    days = weeks(len(values), "2025-03-06")
    table = pd.DataFrame(
        {"session": days.strftime("%Y-%m-%d"), "date": days, "value": np.array(values, float)}
    )
    more = {"measure": "phq9", "speaker": "", "name": "PHQ-9", "unit": "points", "phase": "", "which": ""}
    return table.assign(**more, reliable_change=enough)


MONTHLY = scores([18 - at // 6 if at % 4 == 0 else np.nan for at in range(48)])
LEVEL = scores([at % 3 if at % 4 == 0 else np.nan for at in range(48)])
TOTALS = {
    "by more than they err": (16, 15, 14, 13, 12, 11, 10),
    "all together": (16, 15.5, 15, 14.5, 14, 13.5, 13),
    "not yet together": (18, 9, 15, 11, 16, 12, 11),
    "by less than they err": (12, 9, 15, 11),
    "alike": (12, 9, 12),
    "together the other way": (12, 27, 25, 24, 23, 22, 21, 20, 19, 18, 17, 18),
}


def test_every_kind_of_sentence_is_worded_so(snapshot: SnapshotAssertion):
    apart = MONTHLY.assign(phase=["a"] * 20 + ["b"] * 28, which=["before"] * 20 + ["since"] * 28)
    assert snapshot == {
        "lower, with its size": said([7, 7, 6, 7, 6, 6, 5, 6, 5, 5, 5, 4]),
        "of few sessions, by the month": said([2, 3, 4, 5, 6, 8]),
        "slow, by the year": said([5 + 0.02 * i for i in range(40)]),
        "just not slow": said([5 + 0.03 * i for i in range(40)]),
        "what could be chance": said([5, 6, 4, 5, 7, 4, 6, 5, 5, 6]),
        "three sessions": said([3, 5, 7]),
        "one session": said([3]),
        "not in every session": sentence(MONTHLY),
        "level, not in every session": sentence(LEVEL),
        "of a part, not in every session": sentence(apart),
        "three, not in every session": sentence(MONTHLY.iloc[:10]),
        **{f"totals, {what}": sentence(scores(values, 6)) for what, values in TOTALS.items()},
    }


@pytest.mark.parametrize("what", TOTALS)
def test_first_and_newest_total_stand_beside_what_two_totals_err_by(what: str):
    words = sentence(scores(TOTALS[what], 6))
    assert (CERTAIN in words) == (what in ("by more than they err", "all together", "together the other way"))
    assert not JUDGING.search(words)


def test_of_a_scale_of_which_it_is_not_known_how_far_totals_err_nothing_is_added():
    assert "total" not in sentence(scores([16, 15, 14, 13, 12, 11, 10]))
    assert "total" not in sentence(scores([16], 6))


def test_a_page_claims_less_than_its_sentences_would_one_by_one():
    weak, level = scores([5, 3, 6, 5, 6, 5, 7, 6, 7, 7]), scores([5, 6, 4, 5, 7, 4, 6, 5, 5, 6])
    assert CERTAIN in sentence(weak)
    assert not any(CERTAIN in one for one in sentences([level, weak, level, level]))


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
        (0.12, "points", "0.1 points"),
        (0.9, "points", "one point"),
    ],
)
def test_sizes_are_rounded_to_what_can_be_meant(value: float, unit: str, words: str):
    assert amount(value, unit) == words


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
    assert not re.search(r"silences from|built-in|noted as|turns by|floor|clip", " ".join(said))
    share = sentence(table[(table["measure"] == "talk_share") & (table["speaker"] == "client")])
    since = (
        "those where you did not meet online, after a change of microphone and since silences are seen from "
    )
    assert f"This is about 19 of the 80 sessions: {since}0.25 s on." in share


# Words for moods: counts that are true, and a claim only where chance seldom makes one.


def at_random(rng: np.random.Generator, chances: np.ndarray) -> pd.DataFrame:
    return weekly_tags(*("calm tired" if calm else "tired" for calm in rng.random(len(chances)) < chances))


def test_sessions_without_any_word_say_nothing_of_one() -> None:
    with_gaps = weekly_tags(
        *["calm", "calm tired", "", "tired", "calm", "", "tired", "tired", "tired", "calm"]
    )
    said = "“calm”: 3 of the first 4 sessions with words, 1 of the newest 4; it is too early to call that a change."
    assert said_of_word(with_gaps, "calm") == said
    assert said_of_word(weekly_tags("calm", "", "tired"), "calm").startswith("“calm”: 1 of 2 sessions")


@pytest.mark.slow
def test_of_pure_chance_at_most_one_in_twenty_is_called_more_than_chance() -> None:
    rng = np.random.default_rng(7)
    said = [said_of_word(at_random(rng, np.full(60, 0.4)), "calm") for _ in range(300)]
    assert sum(CERTAIN in one for one in said) <= 0.05 * len(said)


def test_a_word_that_comes_to_stay_is_found_in_its_direction() -> None:
    rng = np.random.default_rng(8)
    rising = [said_of_word(at_random(rng, np.linspace(0.05, 0.95, 100)), "calm") for _ in range(20)]
    assert sum(CERTAIN in one for one in rising) >= 18
