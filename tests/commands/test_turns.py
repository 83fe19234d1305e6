"""Who spoke when: found for a whole journal, out to files of other programs, and in from them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import root_of
from tests.support.in_process import run
from therapy_review import analyse, hints
from therapy_review.analysis.external_turns import use_turns
from therapy_review.commands.turns import import_turns
from therapy_review.journal.journal import Journal
from therapy_review.storage.plain import PlainStore
from therapy_review.turns.table import turns_table


def test_turns_go_out_to_a_file_come_in_from_one_and_are_forgotten(journal: Journal, tmp_path: Path) -> None:
    assert isinstance(journal.store, PlainStore)
    where, day = ("-j", str(journal.store.root)), "2026-01-29"
    journal.store.remove(f"sessions/{day}/corrections.csv")
    use_turns(journal.session(day), turns_table([(1, 2, "client"), (3, 4, "therapist")]), "another program")
    analyse(journal.session(day))
    for kind in ("json", "txt"):
        refused = run("turns", "export", day, str(tmp_path / f"out.{kind}"), *where)
        assert refused.returncode == 1
        assert "choose one of" in refused.stderr
    assert journal.ledger.empty
    file = tmp_path / "out.TextGrid"
    assert run("turns", "export", day, str(file), *where).returncode == 0
    assert journal.ledger[["what", "session", "note"]].to_numpy().tolist() == [
        ["exported", day, "out.TextGrid"]
    ]
    again = run("turns", "export", day, str(file), *where)
    assert again.returncode == 1
    assert "already a file" in again.stderr
    came = run("turns", "import", day, str(file), "--found-by", "Praat, by hand", *where)
    assert "2 turns of 2 speakers" in came.stdout
    analyse(journal.session(day))
    assert journal.session(day).made_from()["engine"] == "Praat, by hand"
    assert run("turns", "forget", day, *where).returncode == 0
    assert not journal.store.exists(f"sessions/{day}/turns.rttm")


def test_turns_brought_in_are_counted_and_wait_for_a_recording(
    journal: Journal, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day, file = "2026-01-29", tmp_path / "one.csv"
    file.write_text("start,end,speaker\n1,2,A\n")
    import_turns(day, file, "", root_of(journal))
    analyse_it = hints.command("analyse", journal=root_of(journal))
    assert f"Kept: 1 turn of 1 speaker.\nNext:  {analyse_it}\n" in capsys.readouterr().out
    journal.store.remove(journal.session(day).recording_file())
    import_turns(day, file, "", root_of(journal))
    said = capsys.readouterr().out
    assert f"{day} has no recording" in said
    assert "Next" not in said


def test_a_diarizer_that_lacks_something_is_said_once(journal: Journal) -> None:
    assert isinstance(journal.store, PlainStore)
    done = run("analyse", "--diarizer", "pyannote", "-j", str(journal.store.root))
    assert done.returncode == 1
    assert done.stderr.count("pip install") == 1
