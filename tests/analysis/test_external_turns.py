from __future__ import annotations

import json

import pytest

from tests.conftest import reference, root_of
from therapy_review import analyse, hints
from therapy_review.analysis.analysis import is_current, rename
from therapy_review.analysis.external_turns import forget_turns, turns_elsewhere, use_turns
from therapy_review.commands.check import check
from therapy_review.diarization.registry import BuiltIn
from therapy_review.errors import ConsentError, NotAnalysedError, TurnsError
from therapy_review.journal.corrections import Correction
from therapy_review.journal.journal import Journal
from therapy_review.journal.session import Session
from therapy_review.turns.edits import swap
from therapy_review.turns.exchange import decode_turns, encode_turns
from therapy_review.turns.table import are_named, turns_table

DAY = "2026-01-29"


@pytest.fixture
def session(journal: Journal) -> Session:
    """One whose voices nobody has named, and to which no engine can listen."""
    found = journal.session(DAY)
    journal.store.remove(found.file("corrections.csv"))
    return found


@pytest.fixture
def deaf(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(BuiltIn, "__call__", None)


def foreign() -> object:
    said = reference(DAY)
    return said.assign(speaker=said["speaker"].map({"client": "SPEAKER_00", "therapist": "SPEAKER_01"}))


def test_turns_found_elsewhere_are_measured_and_no_engine_is_asked(session: Session, deaf: None) -> None:
    use_turns(session, reference(DAY), "pyannote 3.1")
    turns = analyse(session)
    assert are_named(turns)
    assert session.made_from()["engine"] == "pyannote 3.1"
    assert session.measures["lead_out"].notna().all()
    assert is_current(session)
    assert is_current(session, "built-in")  # given turns stay, whoever is to listen
    assert session.derived("peaks.npy")


def test_whisper_turns_are_used_and_who_is_who_is_asked_as_for_the_engines_voices(
    session: Session, deaf: None
) -> None:
    segments = [
        {"start": start, "end": end, "text": "…", "speaker": speaker}
        for start, end, speaker, _ in foreign().itertuples(index=False)  # type: ignore[attr-defined]
    ]
    use_turns(
        session, decode_turns(json.dumps({"segments": segments}).encode(), "json", "w.json"), "whisperX 3.4"
    )
    turns = analyse(session)
    assert set(turns["speaker"]) == {"voice_1", "voice_2"}
    client = reference(DAY).query("speaker == 'client'").iloc[0]
    session.correct([Correction(client["start"], client["end"], "client")])
    assert are_named(rename(session))
    assert session.made_from()["engine"] == "whisperX 3.4"


def test_turns_that_came_with_names_the_wrong_way_round_are_swapped_in_one_step(
    session: Session, deaf: None
) -> None:
    other = {"client": "therapist", "therapist": "client"}
    wrong = reference(DAY).assign(speaker=lambda turns: turns["speaker"].map(other))
    use_turns(session, wrong, "pyannote 3.1")
    before = analyse(session)
    start, end, speaker = before[["start", "end", "speaker"]].iloc[0]
    session.correct([Correction(start, end, other[speaker], was=speaker)])
    once = rename(session)
    session.correct(swap())
    assert rename(session)["speaker"].tolist() == [other[who] for who in once["speaker"]]
    session.undo_correction()
    assert rename(session).equals(once)


def test_forgetting_them_brings_the_built_in_engine_back(session: Session) -> None:
    use_turns(session, turns_table([(1, 2, "A"), (3, 4, "B")]), "pyannote 3.1")
    assert len(analyse(session)) == 2
    forget_turns(session)
    with pytest.raises(NotAnalysedError):
        _ = session.turns
    assert len(analyse(session)) > 20
    assert session.made_from()["engine"] == BuiltIn.name
    forget_turns(session)
    assert is_current(session)


def test_other_turns_found_elsewhere_are_measured_anew(session: Session, deaf: None) -> None:
    use_turns(session, turns_table([(1, 2, "A")]), "one")
    analyse(session)
    use_turns(session, turns_table([(1, 3, "A")]), "one")
    assert not is_current(session)
    assert analyse(session)["end"].tolist() == [3.0]


def test_they_outlive_what_is_derived(session: Session, deaf: None) -> None:
    use_turns(session, turns_table([(1, 2, "Anna Maria", 0.75)]), "one")
    analyse(session)
    for name in session.journal.store.files(session.file("derived")):
        session.journal.store.remove(session.file(f"derived/{name}"))
    assert analyse(session)["confidence"].tolist() == [0.75]


def test_a_file_put_there_by_hand_counts_and_is_called_by_its_name(session: Session, deaf: None) -> None:
    session.journal.store.write(session.file("turns.rttm"), encode_turns(reference(DAY), "rttm", "any"))
    analyse(session)
    assert session.made_from()["engine"] == "turns.rttm"


def test_their_recording_stays_closed_without_everybodys_agreement(session: Session) -> None:
    session.journal.store.remove("agreements.toml")
    use_turns(session, reference(DAY), "pyannote 3.1")
    with pytest.raises(ConsentError):
        analyse(session)


def test_turns_of_another_recording_are_refused(session: Session) -> None:
    use_turns(session, turns_table([(1, 9000, "A")]), "one")
    with pytest.raises(TurnsError, match="this session"):
        analyse(session)


def test_turns_of_another_recording_are_refused_at_once_where_its_length_is_known(
    session: Session, deaf: None
) -> None:
    use_turns(session, turns_table([(1, 2, "A")]), "one")
    analyse(session)
    kept = session.journal.store.read(session.file("turns.rttm"))
    with pytest.raises(TurnsError, match=r"9000 s, .* 244 s"):
        use_turns(session, turns_table([(1, 9000, "A")]), "two")
    assert session.journal.store.read(session.file("turns.rttm")) == kept


def test_their_origin_is_one_line_and_can_not_be_left_out(session: Session) -> None:
    use_turns(session, turns_table([(1, 2, "A")]), " two\nlines ")
    found = turns_elsewhere(session)
    assert found is not None
    assert found.name == "two lines"
    with pytest.raises(TurnsError, match="what found"):
        use_turns(session, turns_table([(1, 2, "A")]), " \n")


def test_check_names_a_damaged_file_and_one_of_another_kind(session: Session) -> None:
    store = session.journal.store
    store.write(session.file("turns.rttm"), b"SPEAKER x 1 soon 1 <NA> <NA> A\n")
    store.write(session.file("turns.json"), b"{}")
    found = " ".join(check(session.journal))
    assert "turns.rttm can't" in found
    assert hints.command("turns", "import", DAY, "FILE", journal=root_of(session.journal)) in found
