"""What the forms say as they are filled in, word for word."""

from __future__ import annotations

from syrupy.assertion import SnapshotAssertion

from tests.forms.test_own_number_form import add
from tests.forms.test_questionnaires import scale_form, with_phq9
from tests.support.widgets import field
from tests.support.words import no_figures, of_html, read
from therapy_review import Journal
from therapy_review.analysis.analysis import rename
from therapy_review.forms import notes_form
from therapy_review.forms.questionnaires import scale_forms
from therapy_review.forms.silences import silence_form
from therapy_review.forms.who_is_who import who_is_who

DAY = "2026-03-05"


def test_who_is_who(heard: Journal, snapshot: SnapshotAssertion) -> None:
    session, said = heard.session(DAY), {}
    form = who_is_who(session)
    field(form, "other way").click()
    said["the other way round"] = no_figures(read(form))
    session.journal.store.remove(session.file("corrections.csv"))
    rename(session)
    form = who_is_who(session)
    said["asked"] = no_figures(read(form))
    form.children[1].children[1].children[0].click()
    said["answered"] = no_figures(read(form))
    assert said == snapshot


def test_totals_beside_those_before(journal: Journal, snapshot: SnapshotAssertion) -> None:
    totals = [(17, 15, 13, 11), (12, 11, 10), (12, 11), (12, 12), (20, 4)]
    said = {" ".join(map(str, given)): of_html(with_phq9(journal, *given)) for given in totals}
    assert said == snapshot


def test_a_total_that_is_none_and_where_help_is(journal: Journal, snapshot: SnapshotAssertion) -> None:
    form = scale_form(journal.session(DAY), "gad7")
    field(form, "Total").value = "99"
    assert read(form) == snapshot


def test_a_number_of_ones_own(journal: Journal, snapshot: SnapshotAssertion) -> None:
    said, session = {}, journal.session(DAY)
    tried = [
        ("  ", "0", "10"),
        ("Sleep", "", "10"),
        ("Sleep", "0", "ten"),
        ("Sleep", "10", "0"),
        ("phq-9", "0", "27"),
    ]
    for name, low, high in tried:
        form = scale_forms(session)
        before = read(form.children[-1])
        add(form, name, low, high)
        said[f"{name}, {low} to {high}"] = [line for line in read(form.children[-1]) if line not in before]
    assert said == snapshot


def test_notes_and_silences(heard: Journal, snapshot: SnapshotAssertion) -> None:
    session = heard.session(DAY)
    form = notes_form(session)
    before = read(form)
    field(form, "To bring").value = "The garden."
    saved = [line for line in read(form) if line not in before]
    session.journal.store.write(session.file("notes.md"), b"Written elsewhere.\n")
    field(form, "To bring").value = "The sea."
    changed = [line for line in read(form) if line not in before]
    none = read(silence_form(heard.session("2026-02-12")))
    assert {"saved": saved, "changed elsewhere": changed, "no silence": none} == snapshot
