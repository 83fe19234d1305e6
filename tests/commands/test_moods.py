"""The commands for moods and appointments, as they are typed."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import root_of
from tests.importing.test_calendar import WEEKLY, calendar
from tests.importing.test_daylio import a_year, damaged, export
from therapy_review import Journal, hints
from therapy_review.cli import app
from therapy_review.errors import TherapyReviewError
from therapy_review.importing import moods
from therapy_review.importing.daylio import read_daylio
from therapy_review.importing.mood_table import how_far
from therapy_review.importing.mood_values import known_moods

WORDS = ["gut=8", "so lala=5", "meh=5", "müde 😴=3", "rad=10", "awful=2"]
MAP = [part for word in WORDS for part in ("--map", word)]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "daylio_export.csv"
    path.write_bytes(export(a_year()))
    return path


def run(journal: Journal, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["moods", *words, "-j", str(root_of(journal))], input=typed)


def sentence(journal: Journal, *words: str) -> str:
    done = run(journal, *words)
    assert isinstance(done.exception, TherapyReviewError), done.output
    return str(done.exception)


def test_a_dry_run_shows_what_would_come_in_and_keeps_nothing(journal: Journal, file: Path) -> None:
    done = run(journal, "import", str(file), "--dry-run")
    assert done.exit_code == 0
    assert f"Entries: {len(a_year())} new. Nothing was changed." in done.output
    assert "Without a number: " in done.output
    assert not (root_of(journal) / "days.csv").exists()
    assert not (root_of(journal) / "moods.toml").exists()


def test_moods_come_in_are_listed_and_go_out(journal: Journal, file: Path) -> None:
    done = run(journal, "import", str(file), *MAP)
    assert f"Brought in: {len(a_year())} entries." in done.output
    assert "moods remove" in done.output
    again = run(journal, "import", str(file))  # the words are known
    assert f"Brought in: 0 entries, {len(a_year())} were there already." in again.output
    listed = run(journal, "list").output
    assert f"daylio_export.csv (daylio): {len(a_year())} entries, 2025-03-10 to 2026-03-09" in listed
    assert (
        run(journal, "remove", "daylio_export.csv").output.strip() == f"Taken out: {len(a_year())} entries."
    )
    assert run(journal, "list").output.startswith("Nothing was brought")


def test_newer_versions_are_said_in_numbers_and_taken_unless_both_are_wanted(
    journal: Journal, file: Path, tmp_path: Path
) -> None:
    run(journal, "import", str(file), *MAP)
    june, changed = tmp_path / "june.csv", sum(one.mood == "meh" for one in a_year())
    june.write_bytes(export(a_year()).replace(b",meh,", b",durchwachsen,"))
    looked = run(journal, "import", str(june), "--dry-run").output
    assert moods.in_words([moods.NEWER] * changed) in looked
    assert f"{changed} {moods.NEWER}. Nothing was changed." in looked
    both = run(journal, "import", str(june), "--dry-run", "--keep-both").output
    assert f"{changed} {moods.OTHER}. Nothing was changed." in both
    done = run(journal, "import", str(june), "--map", "durchwachsen=5").output
    assert f"Brought in: 0 entries, {changed} " in done
    assert "moods remove" not in done  # it brought no day of its own
    assert len(journal.days) == len(a_year())


def test_every_word_is_asked_about_and_may_be_left_open(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(damaged()[0].replace(b",meh,", b",so lala,"))
    done = run(journal, "import", str(path), typed="\n7\n\n")  # so lala, good, awful
    assert done.exit_code == 0, done.output
    assert "Line 4 of x.csv" in done.output
    assert read_daylio(path.read_bytes(), "").about_times in done.output
    assert "Brought in: 4 entries." in done.output
    assert "Without a number: so lala." in done.output
    assert known_moods(journal.store, "daylio") == {"good": 7, "awful": 2}


def test_a_slip_is_asked_again_at_once_and_costs_no_other_answer(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes(damaged()[0])  # meh, good, awful
    done = run(journal, "import", str(path), typed="5\n77\neight\n8\n\n")
    assert done.exit_code == 0, done.output
    said = done.output
    assert said.index("good is 77") < said.index("good is eight") < said.index("awful, from")
    assert known_moods(journal.store, "daylio") == {"meh": 5, "good": 8, "awful": 2}


def test_another_table_comes_in_by_its_columns(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "moods.csv"
    path.write_text("Tag;Stimmung;Wetter\n4.3.2026;5;Regen\n", encoding="cp1252")
    columns = ["--column", "date=Tag", "--column", "mood=Stimmung", "--column", "high=5"]
    done = run(journal, "import", str(path), *columns)
    assert "Wetter." in done.output
    assert journal.days["mood"].tolist() == [10]


def test_how_high_numbers_can_go_is_asked_and_never_guessed(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "moods.csv"
    path.write_text("day,rate\n2026-03-04,5\n2026-03-05,1\n2026-03-06,4\n")
    columns = ["--column", "date=day", "--column", "mood=rate"]
    looked = run(journal, "import", str(path), *columns, "--dry-run", typed="\n5\n")
    assert how_far(1, 5) in looked.output
    done = run(journal, "import", str(path), *columns, typed="\n\n1\n5\n")
    assert "The highest is not told" in done.output
    assert "can't go from 1 to 1" in done.output
    assert journal.days["mood"].tolist() == [10, 1, 7.75]
    told = run(journal, "import", str(path), *columns, "--column", "high=5")
    assert "Your numbers" not in told.output


def test_a_calendar_comes_in_and_goes_out(journal: Journal, tmp_path: Path) -> None:
    path = tmp_path / "c.ics"
    path.write_bytes(calendar(f"{WEEKLY}COUNT=3"))
    looked = run(journal, "import", str(path), "--dry-run", typed="therapy\n")
    assert "2026-01-22 17:00 Therapy with Daniel" in looked.output
    done = run(journal, "import", str(path), "--containing", "therapy")
    assert "Brought in: 3 appointments of 3." in done.output
    assert "c.ics (calendar): 3 entries, 2026-01-08 to 2026-01-22" in run(journal, "list").output
    assert "Taken out: 3 appointments." in run(journal, "remove", "c.ics").output


def test_every_mistake_is_one_sentence(journal: Journal, file: Path, tmp_path: Path) -> None:
    other = tmp_path / "other.csv"
    other.write_text("day,mood\n2026-03-04,fine\n")
    for words, said in [
        (("import", "nowhere.csv"), "nowhere.csv"),
        (("import", str(other)), "its columns"),
        (("import", str(other), "--column", "date=day"), "the mood"),
        (("import", str(other), "--column", "day"), "--column name=value"),
        (("import", str(other), "--column", "weather=day"), "weather is nothing"),
        (
            ("import", str(other), "--column", "date=day", "--column", "mood=mood", "--column", "low=x"),
            "low end is x",
        ),
        (("import", str(file), "--map", "happy=10"), "happy is no"),
        (("import", str(file), *MAP[:-1], "awful=20"), "1 (low)"),
        (("import", str(file), *MAP[:-1], "awful=low"), "as a number"),
        (("remove", "other.csv"), hints.command("moods", "list", journal=root_of(journal))),
    ]:
        assert said in sentence(journal, *words)
    assert not (root_of(journal) / "days.csv").exists()
