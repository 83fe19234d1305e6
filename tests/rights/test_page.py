"""The notebook about agreements: every part can be shown, the draft follows the form, and only a tick agrees."""

from __future__ import annotations

import datetime as dt
import html
import json
from pathlib import Path

import pytest
from hypothesis import given, strategies as st

from tests.conftest import ROOT, root_of
from therapy_review import Journal, create_journal
from therapy_review.consent import agreements_file
from therapy_review.consent.agreement import USES, Spoken
from therapy_review.display.parts import NothingToShow
from therapy_review.display.still import STILL, Still
from therapy_review.errors import ConsentError, JournalError
from therapy_review.player import Moment
from therapy_review.rights import draft as agreeing
from therapy_review.rights.draft import NOTHING_YET
from therapy_review.rights.page import AgreementPage, agreement, where_spoken

DAY = "2026-03-05"
PARTS = ("heading", "why", "how_to_ask", "place", "cautions", "agreed", "draft", "take_back")
names = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), min_size=1, max_size=12)


def draft(**more: object) -> agreeing.Draft:
    return agreeing.Draft("Robin", "Daniel", agreeing.USUAL, dt.date(2026, 3, 4), **more)  # type: ignore[arg-type]


# The words.


def test_the_draft_says_what_it_is_for_and_what_it_is_not_for() -> None:
    said = agreeing.sheet(draft())
    assert "Robin listens again, alone." in said
    assert "not for writing" in said
    assert "takes it back" in said
    shared = agreeing.sheet(agreeing.Draft("A", "B", ("share:Sam",), dt.date(2026, 3, 4)))
    assert "with Sam." in shared
    assert "passing anything on" not in shared


@given(names, names, names, st.text(max_size=30))
def test_whatever_names_and_words_are_filled_in_they_are_shown_and_never_run(
    client: str, therapist: str, shared: str, own: str
) -> None:
    one = agreeing.Draft(client, therapist, (f"share:{shared}",), dt.date(2026, 3, 4), own_words=own)
    said = agreeing.page(one)
    assert f"between {html.escape(client)} and {html.escape(therapist)}" in said
    bare = agreeing.page(agreeing.Draft("x", "y", ("share:z",), dt.date(2026, 3, 4), own_words=""))
    assert said.count("<script") == bare.count("<script") == 0


def test_every_use_and_every_wish_has_its_words() -> None:
    assert set(agreeing.AS_AGREED) == set(agreeing.AS_LEFT_OUT) == set(USES)
    assert set(agreeing.WISHES) == set(agreeing.IN_SHORT)
    everything = agreeing.sheet(draft(client_asks=tuple(agreeing.WISHES)))
    assert "{client}" not in everything
    assert "{therapist}" not in everything


def test_a_file_of_another_kind_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match=r"\.html"):
        agreeing.save(draft(), tmp_path / "x.txt")


# The page.


@pytest.mark.parametrize("still", ["", "1"])
def test_every_part_is_shown_live_or_to_read(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, still: str
) -> None:
    if still:
        monkeypatch.setenv(STILL, still)
    page = agreement(root_of(journal))
    for part in PARTS:
        shown = getattr(page, part)()
        assert shown.markup if isinstance(shown, Still) else shown.children
        assert not still or isinstance(shown, Still)


def test_what_cannot_be_read_is_said_where_it_would_be_shown(journal: Journal, tmp_path: Path) -> None:
    journal.store.write(agreements_file.FILE, b"[[")
    assert "is opened" in AgreementPage(journal).agreed().markup
    assert isinstance(agreement(tmp_path / "nowhere"), NothingToShow)


def test_a_rule_is_never_shown_without_saying_that_it_is_no_advice(journal: Journal) -> None:
    for place in ("CA", "US-CA", "", "XX"):
        page = AgreementPage(Journal(journal.store, {**journal.settings, "place": place}))
        for part in (page.place(), page.cautions()):
            assert "not legal advice" in part.markup
            assert "you may record" not in part.markup


def test_a_new_journal_is_told_that_everything_stays_closed(tmp_path: Path) -> None:
    page = AgreementPage(create_journal(tmp_path / "mine", client="A", therapist="B"))
    assert NOTHING_YET in page.agreed().children[0].value


# What was spoken can be heard.


def test_what_was_spoken_can_be_heard_and_only_as_long_as_it_holds(heard: Journal) -> None:
    spoken = Spoken(DAY, 42.0)
    today = heard.today()
    heard.keep_agreements(
        lambda data: agreements_file.append(
            data, "therapist", ["record"], given_from=today, name="Daniel", how="spoken", spoken=spoken
        )
    )
    session, start, end = where_spoken(heard, heard.consents[-1])
    assert (session.name, start, end) == (DAY, 40.0, 62.0)
    (moment,) = AgreementPage(heard).agreed().children[1:]
    assert isinstance(moment, Moment)
    assert len(moment._feed.pieces(40.0)[1]) > 0
    heard.keep_agreements(lambda data: agreements_file.take_back(data, "therapist", on=today))
    with pytest.raises(ConsentError):
        moment._feed.pieces(40.0)


def test_what_was_not_spoken_or_was_erased_is_a_sentence(heard: Journal) -> None:
    with pytest.raises(JournalError, match="not heard"):
        where_spoken(heard, heard.consents[0])
    spoken, today = Spoken("2026-01-01", 1.0), heard.today()
    heard.keep_agreements(
        lambda data: agreements_file.append(
            data, "client", ["record"], given_from=today, name="R", how="spoken", spoken=spoken
        )
    )
    (said,) = AgreementPage(heard).agreed().children[1:]
    assert "no session 2026-01-01" in said.value


def test_the_notebook_ends_with_taking_back() -> None:
    cells = json.loads((ROOT / "notebooks" / "agreement.ipynb").read_text(encoding="utf-8"))["cells"]
    assert "".join(cells[-1]["source"]) == "page.take_back()"
    first = (ROOT / "notebooks" / "getting_started.ipynb").read_text(encoding="utf-8")
    assert "therapy-review consent guide" in first
