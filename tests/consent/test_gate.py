"""The gate: nothing is opened unless everybody heard has agreed, to this use, on this day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

import pytest

from tests.consent.test_agreement import BOTH, DAY, agreement
from therapy_review import Journal, analyse, hints
from therapy_review.consent.agreement import ALL_PARTIES, ONE_PARTY, USES, Agreement, Revocation
from therapy_review.consent.agreements_file import append
from therapy_review.consent.gate import Gate
from therapy_review.errors import ConsentError, NoteError


def require(
    agreements: Iterable[Agreement],
    heard: Sequence[str],
    use: str,
    day: dt.date,
    session: str,
    one_party_is_clear: Callable[[], bool] = lambda: False,
) -> None:
    Gate(tuple(agreements), day, one_party_is_clear).require(session, heard, use)


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
    assert str(refused.value).endswith(f": {hints.command('consent', 'add')}")


def test_somebody_else_who_is_heard_must_agree_too() -> None:
    given = [agreement(who) for who in BOTH]
    require(given, BOTH, "self_review", DAY, "2026-03-05")
    with pytest.raises(ConsentError, match="Sam"):
        require(given, (*BOTH, "Sam"), "self_review", DAY, "2026-03-05")


# One party's word: for listening again, where the others are silent, and where the law is beyond doubt.


@pytest.mark.parametrize(
    ("use", "others", "clear", "opens"),
    [
        ("self_review", (), True, True),
        ("self_review", (), False, False),
        *((use, (), True, False) for use in USES if use != "self_review"),
        ("share:Sam", (), True, False),
        (
            "self_review",
            (agreement("therapist", "record"),),
            True,
            False,
        ),  # they had their say: only that counts
        ("self_review", (agreement("therapist", until=dt.date(2026, 2, 1)),), True, False),
    ],
)
def test_one_partys_word_stands_in_for_silence_and_never_for_a_no(
    use: str, others: tuple[Agreement, ...], clear: bool, opens: bool
) -> None:
    given = [agreement("client", basis=ONE_PARTY), *others]
    if opens:
        require(given, BOTH, use, DAY, "2026-03-05", lambda: clear)
    else:
        with pytest.raises(ConsentError):
            require(given, BOTH, use, DAY, "2026-03-05", lambda: clear)


def test_one_partys_word_ends_is_taken_back_and_opens_no_session_of_others() -> None:
    for own in (
        agreement("client", basis=ONE_PARTY, until=dt.date(2026, 2, 1)),
        agreement("client", basis=ONE_PARTY, revocations=(Revocation("r1", "a-client", DAY),)),
        agreement("client", basis=ONE_PARTY, given_from=DAY + dt.timedelta(days=1)),
        agreement("client", basis=ALL_PARTIES),
    ):
        with pytest.raises(ConsentError):
            require([own], BOTH, "self_review", DAY, "2026-03-05", lambda: True)
    with pytest.raises(ConsentError):  # the client took no part in it
        require(
            [agreement("client", basis=ONE_PARTY)],
            ("therapist", "Sam"),
            "self_review",
            DAY,
            "x",
            lambda: True,
        )


def test_the_law_is_looked_up_only_where_it_matters() -> None:
    def asked() -> bool:
        raise AssertionError("nobody needs to know")

    require([agreement(who) for who in BOTH], BOTH, "self_review", DAY, "2026-03-05", asked)
    with pytest.raises(ConsentError):
        require([agreement("client")], BOTH, "self_review", DAY, "2026-03-05", asked)


@pytest.mark.parametrize(
    ("place", "opens"), [("US-TX", True), ("US-CA", False), ("US-NV", False), ("", False)]
)
def test_the_place_of_the_journal_decides_and_the_stricter_way_of_meeting_counts(
    heard: Journal, place: str, opens: bool
) -> None:
    own = append(b"", "client", ["self_review"], given_from=DAY, name="Robin", basis=ONE_PARTY)
    heard.store.write("agreements.toml", own)
    elsewhere = Journal(heard.store, {**heard.settings, "place": place, "therapist_place": place})
    session = elsewhere.session("2026-03-05")
    if opens:
        assert session.recording().duration > 200
        assert len(analyse(session)) > 20
    else:
        with pytest.raises(ConsentError, match="your word alone"):
            session.recording()
    with pytest.raises(ConsentError):
        session.recording("report")


# Who is heard.


def test_where_the_notes_name_who_was_there_but_cannot_be_read_nothing_is_opened(heard: Journal) -> None:
    for header in (b"participants: [client, therapist, Sam\n", b"participants: {Sam: yes}\n"):
        heard.store.write("sessions/2026-03-05/notes.md", b"---\n" + header + b"---\nText.\n")
        with pytest.raises(NoteError, match="is unknown"):
            heard.session("2026-03-05").recording()
    heard.store.write("sessions/2026-03-05/notes.md", b"---\nmood_after: [6\n---\nText.\n")
    heard.session("2026-03-05").recording()  # nothing is said there of who was heard


@pytest.mark.parametrize("use", ["", "fun", "share:", "SELF_REVIEW"])
def test_a_word_that_is_no_use_opens_nothing_even_where_it_was_agreed_to(use: str) -> None:
    with pytest.raises(ConsentError):
        require([agreement(who, use) for who in BOTH], BOTH, use, DAY, "2026-03-05")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        (agreement("therapist", until=dt.date(2026, 2, 1)), "the therapist's ended on 2026-02-01"),
        (agreement("therapist", given_from=dt.date(2026, 4, 1)), "the therapist's begins on 2026-04-01"),
        (
            agreement("therapist", revocations=(Revocation("r1", "a-therapist", dt.date(2026, 2, 2)),)),
            "back on 2026-02-02",
        ),
    ],
)
def test_what_became_of_an_agreement_is_said(given: Agreement, reason: str) -> None:
    with pytest.raises(ConsentError) as refused:
        require([agreement("client"), given], BOTH, "self_review", DAY, "2026-03-05")
    assert reason in str(refused.value)


# Being recorded, on the day of the session.


@pytest.mark.parametrize(
    ("made_on", "opens"), [("2026-01-20", True), ("2026-02-02", False), ("2026-02-09", False)]
)
def test_what_was_recorded_after_recording_was_taken_back_stays_closed_and_what_was_before_does_not(
    made_on: str, opens: bool
) -> None:
    back = Revocation("r1", "a-therapist", dt.date(2026, 2, 2), ("record",))
    agreed = [
        agreement("client", "record", "self_review"),
        agreement("therapist", "record", "self_review", revocations=(back,)),
    ]
    if opens:
        require(agreed, BOTH, "self_review", DAY, made_on)
    else:
        with pytest.raises(ConsentError, match="back on 2026-02-02") as refused:
            require(agreed, BOTH, "self_review", DAY, made_on)
        assert f"--since {made_on}" in str(refused.value)


def test_what_was_recorded_between_two_agreements_opens_once_all_say_so_from_its_day_on() -> None:
    ended = agreement("therapist", "record", "self_review", until=dt.date(2026, 1, 31))
    anew = agreement("therapist", "record", "self_review", given_from=dt.date(2026, 2, 9))
    agreed = [agreement("client", "record", "self_review"), ended, anew]
    with pytest.raises(ConsentError, match="without an agreement"):
        require(agreed, BOTH, "self_review", DAY, "2026-02-05")
    of_its_day = agreement("therapist", "record", given_from=dt.date(2026, 2, 5))
    require([*agreed, of_its_day], BOTH, "self_review", DAY, "2026-02-05")


def test_a_recording_older_than_anything_written_down_about_recording_rests_on_what_is_agreed_now() -> None:
    agreed = [agreement(who, "record", "self_review", given_from=dt.date(2026, 2, 1)) for who in BOTH]
    require(agreed, BOTH, "self_review", DAY, "2019-05-06")
    require([agreement(who) for who in BOTH], BOTH, "self_review", DAY, "2026-03-05")
    own = [agreement("client", basis=ONE_PARTY)]
    require(own, BOTH, "self_review", DAY, "2026-03-05", lambda: True)


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
