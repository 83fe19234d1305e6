"""The ledger: one line for everything beyond the client's own listening, and never a line less than there was."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pandas as pd
import pytest
from hypothesis import HealthCheck, given, strategies as st

from tests.conftest import root_of
from tests.support.examples import examples
from tests.support.meanwhile import after, before
from therapy_review import Journal, open_journal
from therapy_review.consent import ledger
from therapy_review.errors import ConsentError, JournalError
from therapy_review.journal.session import Session
from therapy_review.storage.plain import PlainStore

DAY = "2026-03-05"


def lines(journal: Journal) -> list[list[str]]:
    return journal.ledger[["what", "session", "use", "who"]].to_numpy().tolist()


def test_listening_again_is_the_clients_own_affair_and_leaves_no_line(heard: Journal) -> None:
    heard.session(DAY).recording().read(0, 1)
    assert lines(heard) == []
    assert not heard.store.exists(ledger.FILE)
    assert list(heard.ledger.columns) == ledger.COLUMNS


def test_another_use_is_one_line_however_often_it_is_opened(heard: Journal) -> None:
    for _ in range(3):
        heard.session(DAY).recording("report").read(0, 1)
        open_journal(root_of(heard)).session(DAY).recording("report")
    heard.session(DAY).recording("review_together")
    assert lines(heard) == [
        ["opened", DAY, "report", "client"],
        ["opened", DAY, "review_together", "client"],
    ]


def test_the_next_day_it_is_a_line_of_its_own(heard: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    heard.session(DAY).recording("report")
    tomorrow = heard.now() + dt.timedelta(days=1)
    monkeypatch.setattr(Journal, "now", lambda _self: tomorrow)
    heard.session(DAY).recording("report")
    assert [moment.date() for moment in heard.ledger["when"]] == [
        tomorrow.date() - dt.timedelta(days=1),
        tomorrow.date(),
    ]


def test_what_was_refused_is_not_written_as_opened(heard: Journal) -> None:
    with pytest.raises(ConsentError):
        heard.session(DAY).recording("share:Sam")
    assert lines(heard) == []


def test_what_can_not_be_written_down_is_not_opened(heard: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_name: str, _data: bytes) -> None:
        raise JournalError("no room")

    monkeypatch.setattr(heard.store, "write", full)
    for _ in range(2):  # nor the second time, when it could be thought to be there
        with pytest.raises(JournalError, match="no room"):
            heard.session(DAY).recording("report")


words = st.text(st.characters(codec="utf-8", exclude_characters="\r\x00"), max_size=20)


@examples(25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(words, words), min_size=1, max_size=4))
def test_whatever_is_noted_is_read_back_and_what_was_there_stays(
    journal: Journal, notes: list[tuple[str, str]]
) -> None:
    journal.store.remove(ledger.FILE)
    before = b""
    for who, note in notes:
        journal.record(ledger.SHARED, session=DAY, use="share:Sam", who=who, note=note)
        now = journal.store.read(ledger.FILE)
        assert now.startswith(before)
        before = now
    assert journal.ledger[["who", "note"]].to_numpy().tolist() == [list(pair) for pair in notes]
    assert isinstance(journal.ledger["when"].iloc[0], pd.Timestamp)
    assert journal.ledger["when"].iloc[0].tzinfo is not None


def test_a_damaged_ledger_is_a_sentence_and_new_lines_are_added_to_it_all_the_same(journal: Journal) -> None:
    journal.store.write(ledger.FILE, b"no ledger")
    with pytest.raises(JournalError, match=r"practice/ledger\.csv can't be"):
        _ = journal.ledger
    Session(DAY, journal).recording("report")
    assert journal.store.read(ledger.FILE).startswith(b"no ledger\n2")


@pytest.mark.parametrize("plant", [before, after])
def test_a_line_that_joins_the_ledger_while_it_is_read_is_in_it(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, plant: Callable[..., None]
) -> None:
    journal.record(ledger.EXPORTED, who="client", note="first")
    journal.store.write(f"{ledger.WAITING}/0a.csv", b"2026-03-04T10:00:00+00:00,exported,,,client,waiting\n")
    other = open_journal(root_of(journal))
    plant(
        monkeypatch,
        PlainStore,
        "files",
        lambda: other.record(ledger.EXPORTED, who="client", note="second"),
        of=ledger.WAITING,
    )
    assert journal.ledger["note"].tolist() == ["first", "waiting", "second"]
