"""Numbers of the client's own: named once, there the next time, and sealed with the rest."""

from __future__ import annotations

from typing import Any

import ipywidgets as w
import pytest

from tests.conftest import root_of
from tests.forms.test_questionnaires import with_settings, words
from tests.support.widgets import everything_in, field
from therapy_review import Journal, Session, open_journal
from therapy_review.errors import JournalError
from therapy_review.forms.questionnaires import OWN_NUMBER, scale_forms
from therapy_review.journal.scales import FILE
from therapy_review.trends.table import trends


@pytest.fixture
def session(journal: Journal) -> Session:
    return journal.session("2026-03-05")


def add(form: Any, name: str, low: str = "0", high: str = "10") -> None:
    last = form.children[-1]
    for label, text in (("Name", name), ("From", low), ("to", high)):
        field(last, label).value = text
    field(last, "Add it").click()


def test_it_is_folded_last_and_nothing_is_written_before_it_is_added(session: Session) -> None:
    form = scale_forms(session)
    assert form.selected_index is None
    assert form.titles[-1] == OWN_NUMBER
    field(form.children[-1], "Name").value = "Sleep"
    assert not session.journal.store.exists(FILE)


def test_it_is_filled_in_at_once_and_there_the_next_time(session: Session) -> None:
    form = scale_forms(session)
    add(form, "Hours of  sleep ", high="14")
    assert form.titles == ("PHQ-9", "GAD-7", "Hours of sleep", OWN_NUMBER)
    assert form.selected_index == 2
    field(form.children[2], "Total").value = "7,5"
    assert session.notes.scores == {"phq9": 7, "hours_of_sleep": 7.5}
    assert field(form.children[-1], "Name").value == ""
    again = open_journal(root_of(session.journal))
    assert "Hours of sleep" in scale_forms(again.sessions[0]).titles
    assert trends(again, "hours_of_sleep")["name"].iloc[0] == "Hours of sleep"
    assert trends(session.journal, "hours_of_sleep")["value"].dropna().tolist() == [7.5]


@pytest.mark.parametrize(
    ("name", "low", "high", "says"),
    [
        ("  ", "0", "10", "no name yet"),
        ("Sleep", "", "10", "smallest number is not there yet"),
        ("Sleep", "0", "ten", "largest number is “ten”"),
        ("Sleep", "0", "inf", "as a number"),
        ("Sleep", "10", "0", "from 10 to 0"),
        ("phq-9", "0", "27", "phq-9 already"),
    ],
)
def test_what_cannot_be_added_is_one_sentence_and_stays_in_the_form(
    session: Session, name: str, low: str, high: str, says: str
) -> None:
    form = scale_forms(session)
    add(form, name, low, high)
    assert says in words(form.children[-1])
    assert field(form.children[-1], "Name").value == name
    assert form.titles[-1] == OWN_NUMBER
    assert len(form.children) == 3
    assert not session.journal.store.exists(FILE)


def test_a_name_that_means_something_else_gets_another_key(session: Session) -> None:
    form = scale_forms(session)
    add(form, "Turns")
    add(form, "Schlaf, Güte")
    add(form, "☺")
    keys = list(session.journal.scales)[2:]
    assert keys == ["turns_2", "schlaf_güte", "number"]
    for at, key in enumerate(keys, 2):
        field(form.children[at], "Total").value = "4"
        assert trends(session.journal, key)["value"].dropna().tolist() == [4]


def test_what_stands_in_the_settings_wins_and_what_others_added_meanwhile_stays(session: Session) -> None:
    first, second = scale_forms(session), scale_forms(open_journal(root_of(session.journal)).sessions[0])
    add(first, "Sleep")
    add(second, "Walks")
    assert set(session.journal.scales) == {"phq9", "gad7", "sleep", "walks"}
    described = with_settings(session.journal, '[scales.sleep]\nname = "Nights"\nlow = 0\nhigh = 14\n')
    assert described.scale("sleep").name == "Nights"


def test_a_file_that_is_damaged_is_said_and_not_written_over(session: Session) -> None:
    form = scale_forms(session)
    session.journal.store.write(FILE, b"[[")
    add(form, "Sleep")
    assert "can't be read" in words(form.children[-1]).replace("&#x27;", "'")
    assert session.journal.store.read(FILE) == b"[["
    with pytest.raises(JournalError, match=r"scales\.toml can't be read"):
        _ = session.journal.scales


def test_in_a_sealed_journal_its_name_can_not_be_read_without_the_passphrase(sealed: Journal) -> None:
    form = scale_forms(sealed.sessions[-1])
    add(form, "Thoughts of drinking")
    assert "thoughts_of_drinking" in sealed.scales
    files = [file for file in root_of(sealed).rglob("*") if file.is_file()]
    assert any(file.name.startswith(FILE) for file in files)
    assert not any(b"drinking" in file.read_bytes().lower() for file in files)


def test_every_field_says_what_it_is_for(session: Session) -> None:
    fields = [one for one in everything_in(scale_forms(session).children[-1]) if isinstance(one, w.Text)]
    assert all(one.description for one in fields)
