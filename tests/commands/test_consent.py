"""``therapy-review consent`` and ``erase``: every question has an option, and nothing goes without a typed yes."""

from __future__ import annotations

import datetime as dt
import multiprocessing
import sys
import threading
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from tests.conftest import RECORDED, root_of
from therapy_review import Journal, create_journal, fonts, hints, open_journal
from therapy_review.analysis import enrolment
from therapy_review.cli import app
from therapy_review.errors import ConsentError, JournalError, MissingPackageError
from therapy_review.hints import install_line
from therapy_review.lab import server
from therapy_review.rights.draft import NOTHING_YET, first_draft
from therapy_review.rights.forms import DraftForm
from therapy_review.rights.withdrawal import CLOSES, CLOSES_WHAT_IS_NEW, what_is_kept

DAY = "2026-03-05"


def run(journal: Journal, *words: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, [*words, "-j", str(root_of(journal))], input=typed)


@pytest.fixture
def new(tmp_path: Path) -> Journal:
    return create_journal(tmp_path / "mine", client="A", therapist="[B]")  # no markup: shown as it is


def placed(journal: Journal, place: str) -> None:
    text = journal.store.read("journal.toml").decode()
    own = [line for line in text.splitlines() if not line.startswith(("place", "therapist_place"))]
    both = [f'place = "{place}"', f'therapist_place = "{place}"']
    journal.store.write("journal.toml", "\n".join([*both, *own]).encode())


# Adding.


def test_what_was_agreed_to_is_written_down_by_answering(new: Journal) -> None:
    done = run(new, "consent", "add", typed="both\n\n\n2999-01-01\n")
    assert "Kept. Thank you." in done.output
    given = new.consents
    assert [(one.who, one.name, one.how) for one in given] == [
        ("client", "A", "written"),
        ("therapist", "[B]", "written"),
    ]
    assert given[0].uses == ("record", "self_review", "review_together", "report")
    assert {(one.given_from, one.until) for one in given} == {(new.today(), dt.date(2999, 1, 1))}


def test_it_is_said_until_when_recordings_stay_closed(new: Journal) -> None:
    usual = ("--to", "self_review", "--how", "written", "--until", "")
    assert "until [B] agrees" in run(new, "consent", "add", "--who", "client", *usual).output
    later = run(new, "consent", "add", "--who", "therapist", *usual, "--since", "2999-01-01").output
    assert "until 2999-01-01" in later
    assert "Thank you" in run(new, "consent", "add", "--who", "therapist", *usual).output


def test_where_it_was_spoken_is_pointed_at(journal: Journal) -> None:
    done = run(journal, "consent", "add", typed=f"Sam\nself_review\nspoken\n{DAY}\n0:42\n\n")
    assert done.exit_code == 0
    spoken = journal.consents[-1].spoken
    assert spoken is not None
    assert (spoken.session, spoken.time) == (DAY, 42.0)
    assert f"in {DAY} at 0:42" in run(journal, "consent", "show").output


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (("--who", "client", "--to", "fun", "--how", "written", "--until", ""), "fun is not something"),
        (
            ("--who", "client", "--to", "record", "--how", "spoken", "--spoken-in", "2031-01-01"),
            "no session 2031",
        ),
        (
            ("--who", "client", "--to", "record", "--how", "spoken", "--spoken-in", DAY, "--at", "x"),
            "not a time",
        ),
        (
            ("--who", "client", "--to", "record", "--how", "sung", "--until", ""),
            "not sung",
        ),
    ],
)
def test_what_cannot_be_written_down_is_a_sentence_and_nothing_is_added(
    journal: Journal, words: tuple[str, ...], error: str
) -> None:
    before = journal.store.read("agreements.toml")
    done = run(journal, "consent", "add", *words)
    assert isinstance(done.exception, JournalError)
    assert error in str(done.exception)
    assert journal.store.read("agreements.toml") == before


def test_a_time_after_the_end_of_the_recording_is_a_sentence_and_nothing_is_added(heard: Journal) -> None:
    before = heard.store.read("agreements.toml")
    spoken = ("--how", "spoken", "--spoken-in", DAY, "--until", "")
    done = run(heard, "consent", "add", "--who", "both", "--to", "report", *spoken, "--at", "99:00")
    assert isinstance(done.exception, JournalError)
    assert "ends before 99:00" in str(done.exception).replace("1:39:00", "99:00")
    assert heard.store.read("agreements.toml") == before
    form = DraftForm(heard, first_draft(heard), lambda: None)
    form.how.value, form.spoken_in.value, form.at.value = "spoken", DAY, "99:00"
    form.who["therapist"].value = True
    form._write_down()
    assert "nothing was written" in form.written.value
    assert heard.store.read("agreements.toml") == before
    assert (
        run(heard, "consent", "add", "--who", "both", "--to", "report", *spoken, "--at", "1:00").exit_code
        == 0
    )


def test_a_day_that_is_none_is_a_sentence(journal: Journal) -> None:
    done = run(
        journal, "consent", "add", "--who", "client", "--to", "record", "--how", "written", "--until", "soon"
    )
    assert isinstance(done.exception, JournalError)
    assert "not a day" in str(done.exception)


def test_ones_own_word_needs_the_caution_read_and_a_place_beyond_doubt(new: Journal) -> None:
    for place in ("", "US-CA", "US-NV", "XX"):
        placed(new, place)
        assert isinstance(run(new, "consent", "add", "--one-party").exception, ConsentError)
    placed(new, "US-TX")
    refused = run(new, "consent", "add", "--one-party", typed="\n")
    assert "Nothing was written" in refused.output
    assert open_journal(root_of(new)).consents == []
    done = run(new, "consent", "add", "--one-party", typed="yes\n\n")
    for part in (
        "In Texas",
        "not legal advice",
        "harm trust",
        "Another therapist",
    ):
        assert part in done.output
    (given,) = new.consents
    assert (given.who, given.uses, given.basis) == ("client", ("self_review",), "one_party")


def test_ones_own_word_is_not_taken_against_what_others_have_said(journal: Journal) -> None:
    placed(journal, "US-TX")
    done = run(journal, "consent", "add", "--one-party", "--confirm", "yes")
    assert isinstance(done.exception, ConsentError)
    assert "their say" in str(done.exception)


# Two at once.


def _add_many(root: Path, who: str, together: threading.Barrier) -> None:
    together.wait(60)
    words = ("--who", who, "--to", "self_review", "--how", "written", "--until", "")
    for _ in range(5):
        done = CliRunner().invoke(app, ["consent", "add", *words, "-j", str(root)])
        assert done.exit_code == 0, done.output


@pytest.mark.slow
def test_programs_that_write_agreements_down_at_once_lose_none(new: Journal) -> None:
    people = ("client", "therapist", "Sam")
    processes = multiprocessing.get_context("forkserver")
    together = processes.Barrier(len(people))
    started = [
        processes.Process(target=_add_many, args=(root_of(new), who, together), daemon=True) for who in people
    ]
    for each in started:
        each.start()
    for each in started:
        each.join(60)
    assert [each.exitcode for each in started] == [0] * len(people)
    assert sorted(one.who for one in new.consents) == sorted(people * 5)
    assert len({one.id for one in new.consents}) == 15


def test_who_has_their_say_while_the_caution_is_read_counts(
    new: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(new, "US-TX")

    def meanwhile(*_: object, **__: object) -> str:
        words = ("--who", "therapist", "--to", "record", "--how", "written", "--until", "")
        assert run(new, "consent", "add", *words).exit_code == 0
        return "yes"

    monkeypatch.setattr("typer.prompt", meanwhile)
    done = run(new, "consent", "add", "--one-party", "--until", "")
    assert isinstance(done.exception, ConsentError)
    assert [one.who for one in new.consents] == ["therapist"]


# Showing.


def test_showing_tells_who_what_since_when_and_what_may_be_opened(journal: Journal) -> None:
    said = run(journal, "consent", "show").output
    assert "Robin: in force." in said
    assert ": recording the sessions" in said
    run(
        journal, "consent", "revoke", "--who", "therapist", "--use", "report", "--erase", "none", "--keep", ""
    )
    said = run(journal, "consent", "show").output
    assert "Daniel: in force, but not for reports" in said
    assert "reports" not in said.splitlines()[-1]


def test_showing_and_adding_say_of_one_partys_word_what_the_recordings_do(
    journal: Journal,
) -> None:
    journal.store.write("agreements.toml", b"")
    placed(journal, "US-TX")
    own = ("consent", "add", "--one-party", "--confirm", "yes", "--until", "")
    assert "Kept. Thank you." in run(journal, *own).output
    opened = open_journal(root_of(journal))
    assert opened.session(DAY).why_closed("self_review") == ""
    assert "the client listening" in run(journal, "consent", "show").output
    placed(journal, "US-CA")
    opened = open_journal(root_of(journal))
    assert opened.session(DAY).why_closed("self_review")
    assert ": nothing yet" in run(journal, "consent", "show").output
    more = ("consent", "add", "--who", "client", "--to", "report", "--how", "written", "--until", "")
    assert "until Daniel agrees" in run(journal, *more).output


def test_taking_back_being_recorded_closes_what_is_recorded_from_then_on_and_says_so(
    journal: Journal, tmp_path: Path
) -> None:
    done = run(
        journal, "consent", "revoke", "--who", "therapist", "--use", "record", "--erase", "none", "--keep", ""
    )
    assert CLOSES_WHAT_IS_NEW in done.output
    assert what_is_kept(journal, "record", RECORDED) in done.output
    assert journal.session(DAY).why_closed("self_review") == ""
    voice = tmp_path / "voice.opus"
    voice.write_bytes(journal.store.read("sessions/2026-01-29/recording.opus") + b"\0")
    added = run(journal, "add", str(voice), "--date", f"{journal.today()}")
    assert "without an agreement" in added.output
    with pytest.raises(ConsentError):
        journal.session(f"{journal.today()}").recording()
    assert "stay closed: Daniel" in run(journal, "consent", "show").output


def test_adding_says_whose_word_on_recording_is_not_written_down(journal: Journal, tmp_path: Path) -> None:
    text = journal.store.read("agreements.toml").replace(b'"record", ', b"")
    journal.store.write("agreements.toml", text)
    voice = tmp_path / "voice.opus"
    voice.write_bytes(journal.store.read("sessions/2026-01-29/recording.opus") + b"\0")
    added = run(journal, "add", str(voice), "--date", "2026-03-12").output
    assert "stays closed" not in added
    assert "opens as agreed" in added
    assert "Robin and Daniel" in added


def test_with_nothing_written_down_showing_says_how_to_begin(new: Journal) -> None:
    said = run(new, "consent", "show").output
    assert NOTHING_YET in said
    assert hints.command("consent", "add", journal=root_of(new)) in said


# Taking back.


@pytest.mark.parametrize("who", ["client", "therapist"])
def test_either_side_takes_it_back_and_the_door_is_closed_before_anything_is_asked(
    journal: Journal, who: str
) -> None:
    done = run(journal, "consent", "revoke", "--who", who, typed="everything\n")  # then the window is closed
    assert done.exit_code == 1
    assert CLOSES in done.output
    with pytest.raises(ConsentError):
        journal.session(DAY).recording()
    assert journal.ledger[["what", "who"]].to_numpy().tolist() == [["revoked", who]]
    assert all(session.has_recording for session in map(journal.session, RECORDED))


def test_what_is_erased_is_chosen_and_why_the_rest_is_kept_is_written_down(journal: Journal) -> None:
    typed = f"therapist\neverything\n{DAY}, 2026-02-26\nyes\nDaniel asked to hear them first\n"
    done = run(journal, "consent", "revoke", typed=typed)
    assert done.exit_code == 0, done.output
    assert [s.name for s in journal.sessions if s.has_recording] == RECORDED[:-2]
    assert journal.session(DAY).notes.text  # the client's own words are not made from the sound
    why = typed.splitlines()[-1]
    assert journal.consents[1].revocations[-1].kept == why
    assert journal.ledger["what"].tolist() == ["revoked", "erased", "erased", "kept"]
    assert journal.ledger["note"].iloc[-1] == why
    assert f"is kept: {why}" in run(journal, "consent", "show").output


@pytest.mark.parametrize("answer", ["", "no", "y", "YES!", "none"])
def test_nothing_is_erased_without_a_typed_yes(journal: Journal, answer: str) -> None:
    done = run(
        journal, "consent", "revoke", "--who", "client", "--use", "everything", typed=f"all\n{answer}\n\n"
    )
    assert "Nothing was erased." in done.output
    assert [s.name for s in journal.sessions if s.has_recording] == RECORDED


def test_a_day_that_was_not_offered_erases_nothing(journal: Journal) -> None:
    done = run(
        journal, "consent", "revoke", "--who", "client", "--use", "everything", "--erase", "2026-02-12"
    )
    assert isinstance(done.exception, JournalError)
    assert [s.name for s in journal.sessions if s.has_recording] == RECORDED


def test_only_the_sessions_in_which_they_are_heard_are_asked_about(journal: Journal) -> None:
    run(journal, "consent", "add", "--who", "Sam", "--to", "self_review", "--how", "written", "--until", "")
    session = journal.session(DAY)
    session.save_notes(session.notes.changed(participants=("client", "therapist", "Sam")))
    done = run(
        journal, "consent", "revoke", "--who", "Sam", "--use", "everything", "--erase", "none", "--keep", ""
    )
    assert "in 1 session:" in done.output
    with pytest.raises(ConsentError, match="Sam took it back"):
        session.recording()
    journal.session("2026-02-26").recording()


def test_a_voice_print_goes_with_its_agreement(journal: Journal) -> None:
    enrolment.agree(journal, "client")
    journal.store.write(f"voices/client/{DAY}.json", b"{}")
    done = run(journal, "consent", "revoke", "--who", "client", "--use", "voice_print")
    assert "voice print of Robin was forgotten" in done.output
    assert journal.store.files("voices/client") == []
    journal.session(DAY).recording()


def test_what_was_not_given_cannot_be_taken_back(journal: Journal) -> None:
    for words in (("--who", "Sam", "--use", "everything"), ("--who", "client", "--use", "share:Kim")):
        done = run(journal, "consent", "revoke", *words)
        assert isinstance(done.exception, JournalError)
        assert "consent show" in str(done.exception)
    assert journal.ledger.empty


# A page to talk over.


def test_a_draft_is_a_page_with_room_for_both_and_agrees_to_nothing(new: Journal, tmp_path: Path) -> None:
    file = tmp_path / "draft.html"
    assert "Nothing is agreed" in run(new, "consent", "draft", str(file)).output
    page = file.read_text()
    assert page.count("Signature") == 2
    assert "between A and [B]" in page
    assert "not legal advice" in page
    for unwanted in ("http", "<script", "src=", "url("):
        assert unwanted not in page.replace(fonts.style(), "")
    assert new.consents == []
    again = run(new, "consent", "draft", str(file))
    assert isinstance(again.exception, JournalError)


def test_a_draft_within_a_sealed_journal_is_sealed_and_one_elsewhere_is_said_to_lie_open(
    sealed: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = root_of(sealed)
    monkeypatch.chdir(root)
    assert "sealed, as reports/agreement.html" in run(sealed, "consent", "draft").output
    assert not list(root.rglob("agreement.html"))
    assert b"Signature" in sealed.store.read("reports/agreement.html")
    assert "already a file" in str(run(sealed, "consent", "draft").exception)
    assert run(sealed, "backup", str(tmp_path / "journal.tar")).exit_code == 0
    assert "lies open there" in run(sealed, "consent", "draft", str(tmp_path / "page.html")).output
    assert "Signature" in (tmp_path / "page.html").read_text()


def test_a_draft_as_a_pdf_is_one_page(new: Journal, tmp_path: Path) -> None:
    import pypdfium2

    file = tmp_path / "draft.pdf"
    assert run(new, "consent", "draft", str(file)).exit_code == 0
    document = pypdfium2.PdfDocument(file)
    assert len(document) == 1
    assert "Taking it back" in document[0].get_textpage().get_text_range()


def test_without_what_a_pdf_needs_the_sentence_says_how_to_add_it(
    new: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    done = run(new, "consent", "draft", str(tmp_path / "draft.pdf"))
    assert isinstance(done.exception, MissingPackageError)
    assert install_line("pdf") in str(done.exception)
    assert not (tmp_path / "draft.pdf").exists()


# Erasing.


def test_a_session_is_erased_after_a_typed_yes_and_what_goes_is_listed_before(journal: Journal) -> None:
    refused = run(journal, "erase", DAY, typed="\n")
    assert f"practice/sessions/{DAY}" in refused.output
    assert "Nothing was erased." in refused.output
    assert journal.session(DAY).has_recording
    done = run(journal, "erase", DAY, typed="yes\n")
    assert "Not within reach:" in done.output
    assert DAY not in [session.name for session in journal.sessions]
    gone = run(journal, "erase", DAY)
    assert isinstance(gone.exception, JournalError)
    assert "no session 2026-03-05" in str(gone.exception)


def test_what_is_left_of_a_session_that_is_gone_can_be_erased(journal: Journal) -> None:
    journal.store.write("reports/session_report_2026-01-01.html", b"")
    assert run(journal, "erase", "2026-01-01", "--confirm", "yes").exit_code == 0
    assert journal.store.files("reports") == []


def test_the_sound_alone_can_be_erased(journal: Journal) -> None:
    assert run(journal, "erase", DAY, "--sound", "--confirm", "yes").exit_code == 0
    assert not journal.session(DAY).has_recording
    assert journal.session(DAY).notes.text
    again = run(journal, "erase", DAY, "--sound", "--confirm", "yes")
    assert isinstance(again.exception, JournalError)


def test_everything_is_erased_only_by_typing_the_journals_name(journal: Journal) -> None:
    for answer in ("yes", "", "all"):
        run(journal, "erase", "--all", typed=f"{answer}\n")
        assert len(journal.sessions) == 8
    assert run(journal, "erase", "--all", typed="practice\n").exit_code == 0
    assert list(root_of(journal).iterdir()) == []


@pytest.mark.parametrize("words", [(), (DAY, "--all"), ("--all", "--sound"), ("2031-01-01",), ("reports",)])
def test_it_is_clear_what_is_meant_or_nothing_goes(journal: Journal, words: tuple[str, ...]) -> None:
    done = run(journal, "erase", *words, "--confirm", "yes")
    assert isinstance(done.exception, JournalError)
    assert len(journal.sessions) == 8


# The guide.


def test_the_guide_opens_from_a_sealed_journal_too(sealed: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    begun: list[tuple[list[str], dict[str, str]]] = []
    monkeypatch.setattr("os.execvpe", lambda _program, words, env: begun.append((words, env)))
    monkeypatch.setattr("os.umask", lambda _mask: 0)
    done = run(sealed, "consent", "guide")
    assert done.exception is None
    assert "To read:" not in done.output  # no program but Lab opens the page
    ((words, _env),) = begun
    assert server.SEALED in words
    assert sealed.store.exists("reports/agreement.ipynb")


def test_erasing_everything_takes_the_passphrase_out_of_the_keyring(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = root_of(sealed)
    text = (root / "journal.toml").read_text()
    (root / "journal.toml").write_text(text.replace("[seal]", "[seal]\nkeyring = true"))
    forgotten: list[str] = []
    monkeypatch.setattr("therapy_review.storage.unlock.forget_in_keyring", forgotten.append)
    assert run(sealed, "erase", "--all", typed="practice\n").exit_code == 0
    assert len(forgotten) == 1
    assert forgotten[0].startswith("age1")
