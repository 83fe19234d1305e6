from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import PRACTICE
from therapy_review import analyse, create_journal, hints, open_journal
from therapy_review.analysis.analysis import is_current, rename
from therapy_review.commands.check import check
from therapy_review.consent import agreements_file
from therapy_review.consent.gate import Gate
from therapy_review.errors import ConsentError, JournalError, NotAnalysedError, RecordingError
from therapy_review.journal.corrections import Correction
from therapy_review.journal.journal import Journal
from therapy_review.journal.session import MEASURES_VERSION
from therapy_review.storage.plain import PlainStore
from therapy_review.turns.table import are_named


def test_the_practice_journal_has_eight_sessions_and_a_missed_week() -> None:
    journal = open_journal(PRACTICE)
    assert len(journal.sessions) == 8
    assert journal.week("2026-W04") == []
    assert [s.name for s in journal.sessions if not s.has_recording] == ["2026-02-12"]
    assert check(journal) == []
    assert len(journal.sessions.table()) == 8


def test_a_folder_that_is_no_journal_says_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=re.escape(hints.command("init", "my-journal"))):
        open_journal(tmp_path)


def test_analysis_names_the_voices_by_the_answers_and_is_not_done_twice(journal: Journal) -> None:
    session = journal.session("2026-01-29")
    with pytest.raises(NotAnalysedError):
        _ = session.turns
    turns = analyse(session)
    assert are_named(turns)
    assert session.measures["client_talk_share"].between(0.4, 0.8).all()
    made = journal.store.stamp(session.file("derived/voices.csv"))
    analyse(session)
    assert journal.store.stamp(session.file("derived/voices.csv")) == made


def test_without_answers_nobody_is_named_and_an_answer_needs_no_new_listening(journal: Journal) -> None:
    session = journal.session("2026-01-29")
    said = session.corrections
    journal.store.remove(session.file("corrections.csv"))
    assert set(analyse(session)["speaker"]) == {"voice_1", "voice_2"}
    made = journal.store.stamp(session.file("derived/voices.csv"))
    session.correct(Correction(*line) for line in said[["start", "end", "speaker"]].itertuples(index=False))
    assert not is_current(session)
    assert are_named(analyse(session))
    assert journal.store.stamp(session.file("derived/voices.csv")) == made


def test_new_names_and_new_definitions_are_measured_without_opening_the_sound(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = journal.session("2026-01-29")
    last_word, length = analyse(session)["end"].max(), session.recording().duration
    assert session.measures["lead_out"].iloc[0] == pytest.approx(length - last_word)
    assert 0 < length - last_word < 10
    kept = session.measures

    def closed(_store: PlainStore, name: str) -> None:
        raise AssertionError(f"{name} was opened")

    monkeypatch.setattr(PlainStore, "open", closed)
    session.correct([Correction(0.0, 0.1, "client")])
    rename(session)
    assert session.measures["lead_out"].equals(kept["lead_out"])
    monkeypatch.setattr("therapy_review.journal.session.MEASURES_VERSION", MEASURES_VERSION + 1)
    assert not is_current(session)
    with pytest.raises(NotAnalysedError):
        _ = session.measures
    analyse(session)
    assert is_current(session)
    assert session.measures["lead_out"].equals(kept["lead_out"])


def test_a_recording_stays_closed_without_everybodys_agreement(journal: Journal) -> None:
    session = journal.session("2026-01-08")
    assert session.recording("self_review").duration > 200
    with pytest.raises(ConsentError, match="you and the therapist"):
        session.recording("share:Sam")
    given = agreements_file.Agreement("a1", "client", ("self_review",), dt.date(2026, 1, 1))
    with pytest.raises(ConsentError, match="the therapist"):
        Gate((given,), dt.date(2026, 2, 1)).require("2026-01-08", ["client", "therapist"], "self_review")


def test_an_agreement_ends_and_can_be_taken_back() -> None:
    text = agreements_file.append(
        b"", "client", ["self_review"], given_from=dt.date(2026, 1, 5), name="Robin"
    )
    text += b'\n[[revocation]]\nagreement = "a1"\non = 2026-02-01\n'
    (agreement,) = agreements_file.parse(text, "agreements.toml")
    assert agreement.holds("self_review", dt.date(2026, 1, 31))
    assert not agreement.holds("self_review", dt.date(2026, 2, 1))


def test_check_names_every_problem_and_the_rest_goes_on(journal: Journal) -> None:
    root = journal.store.root if isinstance(journal.store, PlainStore) else Path()
    (root / "sessions" / "last tuesday").mkdir()
    (root / "sessions/2026-01-08/recording.m4a").write_bytes(b"")
    shutil.copy(root / "sessions/2026-01-29/recording.opus", root / "sessions/2026-02-12/Voice 3.opus")
    journal.store.write("sessions/2026-01-15/notes.md", b"---\nmood_before: 11\n---\n")
    found = "\n".join(check(journal))
    assert len(check(journal)) == 4
    for part in ("last tuesday", "is empty", "Voice 3.opus", "whole number"):
        assert part in found
    with pytest.raises(RecordingError):
        analyse(journal.session("2026-01-08"))
    assert len(analyse(journal.session("2026-01-29"))) > 20


def test_two_sessions_on_one_day_are_two(journal: Journal) -> None:
    journal.store.write("sessions/2026-03-05-2/notes.md", b"Again.\n")
    assert [s.name for s in journal.week("2026-W10")] == ["2026-03-05", "2026-03-05-2"]


def test_a_new_journal_is_empty_and_its_folder_is_not_taken_twice(tmp_path: Path) -> None:
    created = create_journal(tmp_path / "mine", client="A", therapist="B")
    assert len(created.sessions) == 0
    with pytest.raises(JournalError, match="already in use"):
        create_journal(tmp_path / "mine", client="A", therapist="B")


@pytest.mark.parametrize("zone", ["London", "Europe", "../zone", "GMT+25", "/etc"])
def test_a_time_zone_that_is_none_is_refused_and_nothing_is_made(zone: str, tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=f"{re.escape(zone)} .*Europe/London"):
        create_journal(tmp_path / "mine", client="A", therapist="B", time_zone=zone)
    assert not (tmp_path / "mine").exists()
    created = create_journal(tmp_path / "mine", client="A", therapist="B", time_zone="Pacific/Auckland")
    assert created.today() == dt.datetime.now(ZoneInfo("Pacific/Auckland")).date()
