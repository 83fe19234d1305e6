"""Check: every problem is one sentence that names the file and says what to do."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import root_of
from therapy_review import Journal, hints
from therapy_review.commands.check import check
from therapy_review.reports import manifest
from therapy_review.reports.manifest import Entry


def test_the_practice_journal_is_well(journal: Journal) -> None:
    assert check(journal) == []


def test_reports_of_a_session_that_was_taken_away_by_hand_are_told_of(journal: Journal) -> None:
    for name in ("2026-02-12", "2026-02-13"):
        manifest.write(journal.store, Entry(f"session_report_{name}", name, "session_report", {}, {}))
    (said,) = check(journal)
    assert "report of 2026-02-13" in said
    assert said.endswith(f": {hints.command('erase', '2026-02-13', journal=root_of(journal))}")


def put(name: str, data: bytes) -> Callable[[Path], object]:
    def act(root: Path) -> object:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        return (root / name).write_bytes(data)

    return act


@pytest.mark.parametrize(
    ("harm", "parts"),
    [
        (put("sessions/5 March/notes.md", b""), ("sessions/5 March", "by a date", "2026-03-04")),
        (put("agreements.toml", b"[["), ("agreements.toml", "restore")),
        (put("sessions/2026-02-12/notes.md", b"---\nmood_before: 11\n---\n"), ("notes.md", "from 1 to 10")),
        (
            put("sessions/2026-02-12/notes.md", b"---\ntags: [a\n---\nText.\n"),
            ("2026-02-12/notes.md", "safe"),
        ),
        (put("sessions/2026-02-12/marks.csv", b"x\n"), ("2026-02-12/marks.csv", "mend")),
        (put("sessions/2026-02-12/corrections.csv", b"x\n"), ("2026-02-12/corrections.csv",)),
        (put("sessions/2026-02-12/Voice 3.m4a", b"x"), ("2026-02-12/Voice 3.m4a", "rename it")),
        (put("sessions/2026-02-12/notes-kept-1.md", b"x"), ("notes-kept-1.md", "copy what")),
        (put("sessions/2026-03-05/recording.m4a", b""), ("2026-03-05/recording.m4a", "empty")),
        (put("sessions/2026-03-05/recording.m4a", b"not sound"), ("2026-03-05/recording.m4a",)),
        (put("sessions/2026-03-05/recording.wav", b"x"), ("2 recordings", "keep one")),
    ],
)
def test_one_problem_is_one_sentence_with_its_file_and_what_to_do(
    journal: Journal, harm: Callable[[Path], object], parts: tuple[str, ...]
) -> None:
    harm(root_of(journal))
    found = [one for one in check(journal) if all(part in one for part in parts)]
    assert len(found) == 1, check(journal)
    assert found[0].endswith((".", "analyse", "add"))
    assert "\n" not in found[0]
    assert str(root_of(journal)) not in found[0]  # the client's folder, not this computer's tree


def test_what_nobody_agreed_to_is_said_once_for_each_recording(journal: Journal) -> None:
    journal.store.remove("agreements.toml")
    found = check(journal)
    assert len(found) == 7
    assert all("no agreement" in one for one in found)


def test_a_problem_in_one_session_does_not_hide_another(journal: Journal) -> None:
    put("sessions/2026-01-08/notes.md", b"---\ntags: [a\n---\n")(root_of(journal))
    put("sessions/2026-01-08/recording.m4a", b"")(root_of(journal))
    shutil.rmtree(root_of(journal) / "sessions/2026-01-15")
    put("sessions/2026-01-15/marks.csv", b"x\n")(root_of(journal))
    assert len(check(journal)) == 3
