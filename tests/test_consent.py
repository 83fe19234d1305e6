"""Consent: nothing is opened unless everybody heard has agreed, to this use, on this day."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from therapy_review import Journal, analyse
from therapy_review.consent import USES, Agreement, append, parse, require
from therapy_review.errors import ConsentError, JournalError

days = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))
DAY = dt.date(2026, 3, 5)
BOTH = ("client", "therapist")


def agreement(who: str, *uses: str, **more: object) -> Agreement:
    return Agreement(f"a-{who}", who, uses or ("self_review",), **{"given_from": dt.date(2026, 1, 1), **more})  # type: ignore[arg-type]


@given(days, days, days, days)
def test_an_agreement_holds_from_its_first_day_to_its_last_and_not_after_it_was_taken_back(
    given_from: dt.date, until: dt.date, revoked: dt.date, day: dt.date
) -> None:
    one = agreement("client", given_from=given_from, until=until, revoked_on=revoked)
    assert one.holds("self_review", day) == (given_from <= day <= until and day < revoked)


@given(st.sets(st.sampled_from(USES)), st.sampled_from(USES))
def test_an_agreement_allows_what_it_names_and_nothing_else(uses: set[str], use: str) -> None:
    one = Agreement("a1", "client", tuple(sorted(uses)), dt.date(2026, 1, 1))
    assert one.holds(use, DAY) == (use in uses)


def test_sharing_with_one_person_is_not_sharing_with_another() -> None:
    given_to_sam = [agreement(who, "share:Sam") for who in BOTH]
    require(given_to_sam, BOTH, "share:Sam", DAY, "2026-03-05")
    with pytest.raises(ConsentError):
        require(given_to_sam, BOTH, "share:Kim", DAY, "2026-03-05")


@pytest.mark.parametrize(
    ("given_by", "whose"),
    [
        ((), "from you and the therapist for"),
        (("client",), "from the therapist for"),
        (("therapist",), "from you for"),
    ],
)
def test_whose_agreement_is_missing_is_said_and_how_to_write_it_down(
    given_by: tuple[str, ...], whose: str
) -> None:
    with pytest.raises(ConsentError, match=whose) as refused:
        require([agreement(who) for who in given_by], BOTH, "self_review", DAY, "2026-03-05")
    assert "2026-03-05" in str(refused.value)
    assert "therapy-review agree" in str(refused.value)


def test_somebody_else_who_is_heard_must_agree_too() -> None:
    given = [agreement(who) for who in BOTH]
    require(given, BOTH, "self_review", DAY, "2026-03-05")
    with pytest.raises(ConsentError, match="Sam"):
        require(given, (*BOTH, "Sam"), "self_review", DAY, "2026-03-05")


def test_a_new_agreement_leaves_every_byte_before_it_alone() -> None:
    first = b'# my own words\n[[agreement]]\nid = "a1"\nwho="client"\nuses=["record"]\nfrom=2026-01-05\n'
    both = append(first, "therapist", ["self_review"], given_from=DAY, name="Daniel", how="spoken")
    assert both.startswith(first)
    one, other = parse(both, "agreements.toml")
    assert (one.who, one.uses, one.how) == ("client", ("record",), "written")
    assert (other.id, other.who, other.uses) == ("a2", "therapist", ("self_review",))
    assert (other.given_from, other.how) == (DAY, "spoken")


@pytest.mark.parametrize(
    "data",
    [
        b"[[agreement",
        b"\xff\xfe",
        b'[[agreement]]\nid = "a1"\nwho = "client"\nuses = ["self_review"]\n',  # from when?
        b'[[agreement]]\nid = "a1"\nwho = "client"\nuses = ["self_review"]\nfrom = "2026-01-05"\n',
        b'[[agreement]]\nid = "a1"\nwho = "client"\nuses = ["self_review"]\nfrom = 2026-01-05T10:00:00\n',
        b'[[revocation]]\nagreement = "a1"\n',
    ],
)
def test_a_file_that_cannot_be_understood_opens_nothing(heard: Journal, data: bytes) -> None:
    with pytest.raises(JournalError, match=r"agreements\.toml can't be read .*no recording is opened"):
        parse(data, "agreements.toml")
    heard.store.write("agreements.toml", data)
    with pytest.raises(JournalError, match="no recording is opened"):
        heard.session("2026-03-05").recording()


def test_an_agreement_taken_back_closes_a_journal_that_is_already_open(heard: Journal) -> None:
    session = heard.session("2026-03-05")
    assert session.recording().duration > 200
    text = heard.store.read("agreements.toml").decode()
    text += f'\n[[revocation]]\nagreement = "a2"\non = {heard.today()}\n'
    heard.store.write("agreements.toml", text.encode())
    with pytest.raises(ConsentError, match="the therapist"):
        session.recording()


def test_without_agreement_nothing_is_listened_to_and_nothing_is_kept(journal: Journal) -> None:
    journal.store.remove("agreements.toml")
    session = journal.session("2026-03-05")
    with pytest.raises(ConsentError):
        analyse(session)
    assert journal.store.files(session.file("derived")) == []
