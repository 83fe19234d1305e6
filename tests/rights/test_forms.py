"""The forms about agreements: the draft that is filled in, and what is taken back and erased."""

from __future__ import annotations

import datetime as dt
import html
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import root_of
from therapy_review import Journal, create_journal, open_journal
from therapy_review.consent import agreements_file
from therapy_review.consent.agreement import Spoken
from therapy_review.errors import JournalError
from therapy_review.rights import draft as agreeing
from therapy_review.rights.draft import first_draft
from therapy_review.rights.forms import DraftForm, TakeBackForm
from therapy_review.rights.page import A_YEAR, AgreementPage
from therapy_review.rights.withdrawal import CLOSES, CLOSES_WHAT_IS_NEW, what_is_kept

DAY = "2026-03-05"


@pytest.fixture
def form(journal: Journal) -> DraftForm:
    page = AgreementPage(journal)
    return DraftForm(journal, first_draft(page.journal, until=page.journal.today() + A_YEAR), lambda: None)


# The form.


def test_the_page_follows_what_is_filled_in(form: DraftForm) -> None:
    form.therapist.value = "Dr. <Okafor>"
    form.uses["transcribe"].value = True
    form.share.value = "Sam"
    form.until.value = None
    form.asks[1]["not_in_the_records"].value = True
    form.own_words.value = "No music."
    for part in (
        "between Robin and Dr. &lt;Okafor&gt;",
        "What was said",
        "shared with Sam",
        "takes it back",
        "No copy",
        "No music.",
    ):
        assert part in form.preview.value


def test_it_is_saved_beside_the_notebook_and_nothing_is_written_over(
    form: DraftForm, journal: Journal
) -> None:
    for _ in range(2):
        form._save(".html")
    form._save(".pdf")
    day = form._first.since
    assert {path.name for path in (root_of(journal) / "reports").glob("agreement*")} == {
        f"agreement-{day}.html",
        f"agreement-{day}-2.html",
        f"agreement-{day}.pdf",
    }
    assert "Saved as" in form.saved.value


def test_in_a_sealed_journal_it_is_sealed_and_nothing_lies_open(
    sealed: Journal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    form = DraftForm(sealed, first_draft(sealed), lambda: None)
    form._save(".html")
    file = f"reports/agreement-{form._first.since}.html"
    assert b"between Robin and Daniel" in sealed.store.read(file)
    lying = [path for path in tmp_path.rglob("agreement-*") if path.is_file()]
    assert [path.name for path in lying] == [f"{Path(file).name}.age"]
    assert b"Robin" not in lying[0].read_bytes()


def test_nothing_is_agreed_by_filling_it_in_or_without_a_tick(form: DraftForm, journal: Journal) -> None:
    before = journal.store.read(agreements_file.FILE)
    form.uses["transcribe"].value = True
    form._save(".html")
    form._write_down()
    assert "Tick who" in form.written.value
    assert journal.store.read(agreements_file.FILE) == before


def test_what_was_agreed_is_written_down_once_for_who_has_agreed(form: DraftForm, journal: Journal) -> None:
    form.how.value, form.spoken_in.value, form.at.value = "spoken", DAY, "0:42"
    for _ in range(2):
        form.who["therapist"].value = True
        form._write_down()
    assert "written down already" in form.written.value
    *before, last = journal.consents
    assert len(before) == 2
    assert (last.who, last.name, last.uses, last.how) == ("therapist", "Daniel", agreeing.USUAL, "spoken")
    assert (last.spoken, last.until) == (Spoken(DAY, 42.0), form.until.value)


def test_a_time_that_is_none_and_an_end_before_today_are_sentences(form: DraftForm, journal: Journal) -> None:
    form.how.value, form.spoken_in.value, form.at.value = "spoken", DAY, "soon"
    form.who["client"].value = True
    form._write_down()
    assert "not a time" in form.written.value
    form.at.value, form.until.value = "0:01", journal.today() - dt.timedelta(days=1)
    form._write_down()
    assert "before it begins" in form.written.value
    assert len(journal.consents) == 2


def test_two_pages_that_write_the_same_down_at_once_write_it_once(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep = Journal.keep_agreements

    def slowly(self: Journal, change: Callable[[bytes], bytes]) -> bool:
        def taking_its_time(data: bytes) -> bytes:
            changed = change(data)
            time.sleep(0.3)
            return changed

        return keep(self, taking_its_time)

    monkeypatch.setattr(Journal, "keep_agreements", slowly)
    before, forms = len(journal.consents), []
    for _ in range(2):
        page = AgreementPage(open_journal(root_of(journal)))
        forms.append(
            DraftForm(
                page.journal, first_draft(page.journal, until=page.journal.today() + A_YEAR), lambda: None
            )
        )
        forms[-1].who["client"].value = True
    both = [threading.Thread(target=form._write_down) for form in forms]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert len(journal.consents) == before + 1
    assert sorted("already" in form.written.value for form in forms) == [False, True]


# Taking it back.


@pytest.fixture
def taking(journal: Journal) -> TakeBackForm:
    page = AgreementPage(journal)
    page.agreed()
    return TakeBackForm(journal, page._look_again)


def take(form: TakeBackForm, who: str, use: str = "") -> None:
    form.who.value = who
    form.use.value = use
    form.first.click()
    form.sure.click()


def test_nothing_is_taken_back_before_it_was_asked_once_more(journal: Journal, taking: TakeBackForm) -> None:
    before = journal.store.read(agreements_file.FILE)
    assert taking.asked.layout.display == "none"
    taking.first.click()
    assert taking.asked.layout.display is None
    taking.leave.click()
    assert taking.asked.layout.display == "none"
    assert journal.store.read(agreements_file.FILE) == before
    assert journal.ledger.empty


def test_what_is_taken_back_is_closed_at_once_and_shown_above(journal: Journal) -> None:
    page = AgreementPage(journal)
    shown = page.agreed()
    form = TakeBackForm(journal, page._look_again)
    take(form, "therapist", "report")
    assert CLOSES in form.said.value
    assert "not for reports" in shown.children[0].value
    session = journal.session(DAY)
    assert session.why_closed("report")
    assert not session.why_closed("self_review")
    assert journal.ledger[["what", "use", "who"]].to_numpy().tolist() == [["revoked", "report", "therapist"]]
    assert "report" not in [use for _, use in form.use.options]


def test_of_being_recorded_it_is_said_before_and_after_what_closes_and_what_does_not(
    journal: Journal, taking: TakeBackForm
) -> None:
    taking.who.value, taking.use.value = "therapist", "record"
    taking.first.click()
    assert CLOSES_WHAT_IS_NEW in taking.means.value
    taking.sure.click()
    assert CLOSES_WHAT_IS_NEW in taking.said.value
    assert CLOSES not in taking.said.value
    assert not journal.session(DAY).why_closed("self_review")
    taking.keep.click()
    kept = what_is_kept(journal, "record", taking.ticks)
    assert html.escape(kept) in taking.said.value


def test_after_taking_back_it_leads_on_to_what_is_erased(journal: Journal, taking: TakeBackForm) -> None:
    take(taking, "client")
    recorded = [s.name for s in journal.sessions if s.has_recording]
    assert list(taking.ticks) == recorded
    assert not any(tick.value for tick in taking.ticks.values())  # erasing is nobody's default
    taking.erase.click()
    assert "Nothing is ticked" in taking.said.value
    taking.ticks[DAY].value = True
    for typed in ("", "no", "Yes!"):
        taking.confirm.value = typed
        taking.erase.click()
        assert "Nothing was erased." in taking.said.value
        assert journal.session(DAY).has_recording
    taking.confirm.value = "yes"
    taking.erase.click()
    assert f"Erased: the sound of {DAY}" in taking.said.value
    assert not journal.session(DAY).has_recording
    assert journal.session(DAY).notes.text
    assert taking.confirm.value == ""  # the next erasure is asked about anew
    assert list(taking.ticks) == [name for name in recorded if name != DAY]
    taking.why.value = "to hear them once more, together"
    taking.keep.click()
    assert "Kept, and closed" in taking.said.value
    assert not taking.before.children
    assert journal.ledger["what"].tolist() == ["revoked", "erased", "kept"]
    assert "to hear them once more" in AgreementPage(journal).agreed().children[0].value


def test_an_erasure_that_is_refused_is_a_sentence_and_the_rest_stays_offered(
    journal: Journal, taking: TakeBackForm, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise JournalError("Could not delete it.")

    take(taking, "client")
    taking.ticks[DAY].value = True
    taking.confirm.value = "yes"
    monkeypatch.setattr("therapy_review.rights.erasure.erase_made_for", refused)
    taking.erase.click()
    assert "Could not delete it." in taking.said.value
    assert DAY in taking.ticks


def test_an_erasure_that_was_broken_off_can_be_gone_on_with_another_day(
    journal: Journal, taking: TakeBackForm
) -> None:
    take(taking, "therapist")
    again = TakeBackForm(open_journal(root_of(journal)), lambda: None)
    assert ("Daniel (taken back before)", "therapist") in again.who.options
    take(again, "therapist")
    assert DAY in again.ticks
    assert journal.ledger["what"].tolist() == ["revoked"]


def test_where_nobody_has_agreed_there_is_nothing_to_take_back(tmp_path: Path) -> None:
    journal = create_journal(tmp_path / "mine", client="A", therapist="B")
    form = TakeBackForm(journal, lambda: None)
    assert "nothing to take" in form.said.value
    assert form.first.layout.display == "none"


def test_agreements_that_cannot_be_read_are_a_sentence_in_the_form_too(journal: Journal) -> None:
    journal.store.write(agreements_file.FILE, b"[[")
    form = TakeBackForm(journal, lambda: None)
    assert "is opened" in form.said.value
