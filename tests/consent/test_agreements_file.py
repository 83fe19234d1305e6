"""Consent: nothing is opened unless everybody heard has agreed, to this use, on this day."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Sequence

import pytest
from hypothesis import given, strategies as st

from therapy_review import Journal, analyse, hints
from therapy_review.consent.agreement import (
    ALL_PARTIES,
    ONE_PARTY,
    USES,
    Agreement,
    Revocation,
    Spoken,
    ending_soon,
    table,
)
from therapy_review.consent.agreements_file import append, keep_all_the_same, parse, take_back
from therapy_review.consent.gate import Gate
from therapy_review.errors import ConsentError, JournalError, NoteError

days = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))
DAY = dt.date(2026, 3, 5)
BOTH = ("client", "therapist")
GIVEN = b'[[agreement]]\nid = "a1"\nwho = "client"\nuses = ["self_review"]\nfrom = 2026-01-05\n'


def agreement(who: str, *uses: str, **more: object) -> Agreement:
    return Agreement(f"a-{who}", who, uses or ("self_review",), **{"given_from": dt.date(2026, 1, 1), **more})  # type: ignore[arg-type]


def require(
    agreements: Iterable[Agreement],
    heard: Sequence[str],
    use: str,
    day: dt.date,
    session: str,
    one_party_is_clear: Callable[[], bool] = lambda: False,
) -> None:
    Gate(tuple(agreements), day, one_party_is_clear).require(session, heard, use)


@given(days, days, days, days)
def test_an_agreement_holds_from_its_first_day_to_its_last_and_not_after_it_was_taken_back(
    given_from: dt.date, until: dt.date, revoked: dt.date, day: dt.date
) -> None:
    one = agreement(
        "client", given_from=given_from, until=until, revocations=(Revocation("r1", "a-client", revoked),)
    )
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
    assert str(refused.value).endswith(f"write it down with: {hints.command('consent', 'add')}")


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
        b'[[revocation]]\nagreement = "a1"\non = 2026-01-05\n',  # of what was never given
        GIVEN + b'[[revocation]]\nagreement = "a1"\non = 2026-01-05T10:00:00\n',
        GIVEN + b'[[revocation]]\nagreement = "a1"\non = 2026-01-05\nuses = "record"\n',
        GIVEN + GIVEN,  # two of one name
        GIVEN.replace(b'["self_review"]', b'"self_review"'),
        GIVEN.replace(b'["self_review"]', b"[]"),
        GIVEN.replace(b'"client"', b"1"),
        GIVEN + b'basis = "hearsay"\n',
        GIVEN.replace(b"self_review", b"share:Sam") + b'basis = "one_party"\n',
        GIVEN.replace(b"client", b"therapist") + b'basis = "one_party"\n',
        GIVEN + b'spoken_in = "2026-03-05"\nspoken_at = "soon"\n',
    ],
)
def test_a_file_that_cannot_be_understood_opens_nothing(heard: Journal, data: bytes) -> None:
    with pytest.raises(JournalError, match=r"agreements\.toml can't be read .*no recording is opened"):
        parse(data, "agreements.toml")
    heard.store.write("agreements.toml", data)
    with pytest.raises(JournalError, match="no recording is opened"):
        heard.session("2026-03-05").recording()


def test_all_that_an_agreement_says_is_read_back() -> None:
    said = {
        "until": dt.date(2027, 3, 5),
        "spoken": Spoken("2026-03-05", 65.0),
        "note": 'for a "year"\nno more',
    }
    data = append(
        b"", "Sam", ["record", "share:Kim", "record"], given_from=DAY, name="Sam", how="spoken", **said
    )  # type: ignore[arg-type]
    (given,) = parse(data, "agreements.toml")
    assert given == Agreement("a1", "Sam", ("record", "share:Kim"), DAY, name="Sam", how="spoken", **said)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"uses": ["fun"]}, "fun is not something to agree to"),
        ({"uses": ["share: "]}, "is not something to agree to"),
        ({"uses": []}, "Nothing was agreed to"),
        ({"who": " "}, "An agreement is somebody's"),
        ({"how": "nodded"}, "written or spoken, not nodded"),
        ({"until": DAY - dt.timedelta(days=1)}, "before it begins"),
        ({"basis": ONE_PARTY, "uses": ["self_review", "report"]}, "for the client and self_review alone"),
        ({"basis": ONE_PARTY, "who": "therapist"}, "for the client and self_review alone"),
    ],
)
def test_what_cannot_be_agreed_to_is_refused_in_a_sentence(wrong: dict[str, object], sentence: str) -> None:
    said = {"who": "client", "uses": ["self_review"], "given_from": DAY, "name": "A"} | wrong
    with pytest.raises(JournalError, match=sentence):
        append(b"", **said)  # type: ignore[arg-type]


# Taking back.


def test_one_use_is_taken_back_and_the_others_go_on() -> None:
    first = append(b"", "therapist", ["self_review", "report"], given_from=DAY, name="D")
    after = take_back(first, "therapist", "report", on=DAY)
    assert after.startswith(first)
    (given,) = parse(after, "agreements.toml")
    assert given.left(DAY) == ("self_review",)
    assert given.state(DAY) == "in force, but not for reports made from it"
    assert take_back(after, "therapist", "report", on=DAY) == after  # nothing more to take back
    (given,) = parse(take_back(after, "therapist", on=DAY), "agreements.toml")
    assert given.left(DAY) == ()
    assert given.state(DAY) == "taken back on 2026-03-05"


def test_what_was_taken_back_can_be_given_anew() -> None:
    data = append(b"", "client", ["self_review"], given_from=dt.date(2026, 1, 1), name="A")
    data = take_back(data, "client", on=DAY)
    data = append(data, "client", ["self_review"], given_from=DAY, name="A")
    assert [one.id for one in parse(data, "x")] == ["a1", "a2"]
    require(parse(data, "x"), ["client"], "self_review", DAY, "2026-03-05")


def test_what_begins_only_later_can_be_taken_back_before() -> None:
    data = append(b"", "client", ["self_review"], given_from=DAY + dt.timedelta(days=9), name="A")
    (given,) = parse(take_back(data, "client", on=DAY), "x")
    assert not given.holds("self_review", DAY + dt.timedelta(days=10))


def test_the_reason_to_keep_stands_with_what_was_taken_back() -> None:
    data = take_back(append(b"", "therapist", ["record"], given_from=DAY, name="D"), "therapist", on=DAY)
    after = keep_all_the_same(data, "therapist", "her copy")
    assert after.startswith(data)
    (given,) = parse(after, "x")
    assert [back.kept for back in given.revocations] == ["", "her copy"]
    assert len({back.id for back in given.revocations}) == 2
    with pytest.raises(JournalError, match="Nothing of you was taken back"):
        keep_all_the_same(after, "client", "why")


@given(
    st.lists(
        st.tuples(st.sampled_from(BOTH), st.sets(st.sampled_from(USES), min_size=1), days, st.booleans()),
        max_size=5,
    ),
    st.sampled_from(BOTH),
    st.sampled_from(("", *USES)),
    days,
)
def test_what_one_takes_back_is_closed_and_nothing_else(
    given: list[tuple[str, set[str], dt.date, bool]], who: str, use: str, day: dt.date
) -> None:
    data = b""
    for person, uses, begins, ends in given:
        until = begins + dt.timedelta(days=200) if ends else None
        data = append(data, person, sorted(uses), given_from=begins, until=until, name=person)
    before, after = parse(data, "x"), parse(take_back(data, who, use, on=day), "x")
    for at in (day - dt.timedelta(days=1), day, day + dt.timedelta(days=90)):
        for person in BOTH:
            for other in USES:
                held = any(one.who == person and one.holds(other, at) for one in before)
                gone = at >= day and person == who and use in ("", other)
                assert any(one.who == person and one.holds(other, at) for one in after) == (held and not gone)


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
        with pytest.raises(ConsentError, match="your word alone is not enough, for the rule of your place"):
            session.recording()
    with pytest.raises(ConsentError):
        session.recording("report")


# Who is heard.


def test_where_the_notes_name_who_was_there_but_cannot_be_read_nothing_is_opened(heard: Journal) -> None:
    for header in (b"participants: [client, therapist, Sam\n", b"participants: {Sam: yes}\n"):
        heard.store.write("sessions/2026-03-05/notes.md", b"---\n" + header + b"---\nText.\n")
        with pytest.raises(NoteError, match="who is heard is unknown"):
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
            "the therapist took it back on 2026-02-02",
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
        with pytest.raises(ConsentError, match="the therapist took it back on 2026-02-02") as refused:
            require(agreed, BOTH, "self_review", DAY, made_on)
        assert f"--since {made_on}" in str(refused.value)


def test_what_was_recorded_between_two_agreements_opens_once_all_say_so_from_its_day_on() -> None:
    ended = agreement("therapist", "record", "self_review", until=dt.date(2026, 1, 31))
    anew = agreement("therapist", "record", "self_review", given_from=dt.date(2026, 2, 9))
    agreed = [agreement("client", "record", "self_review"), ended, anew]
    with pytest.raises(ConsentError, match="without an agreement to recording"):
        require(agreed, BOTH, "self_review", DAY, "2026-02-05")
    of_its_day = agreement("therapist", "record", given_from=dt.date(2026, 2, 5))
    require([*agreed, of_its_day], BOTH, "self_review", DAY, "2026-02-05")


def test_a_recording_older_than_anything_written_down_about_recording_rests_on_what_is_agreed_now() -> None:
    agreed = [agreement(who, "record", "self_review", given_from=dt.date(2026, 2, 1)) for who in BOTH]
    require(agreed, BOTH, "self_review", DAY, "2019-05-06")
    require([agreement(who) for who in BOTH], BOTH, "self_review", DAY, "2026-03-05")
    own = [agreement("client", basis=ONE_PARTY)]
    require(own, BOTH, "self_review", DAY, "2026-03-05", lambda: True)


# To look at.


def test_the_journals_agreements_are_a_table(heard: Journal) -> None:
    (row, other) = heard.agreements.to_dict("records")
    assert (row["who"], row["name"], row["state"], row["basis"]) == (
        "client",
        "Robin",
        "in force",
        ALL_PARTIES,
    )
    assert other["uses"].split(", ") == list(heard.consents[1].uses)
    assert list(table([], DAY).columns) == list(heard.agreements.columns)


@given(st.integers(-3, 20), st.booleans())
def test_an_end_is_announced_two_weeks_before_unless_it_goes_on(ahead: int, renewed: bool) -> None:
    ends = DAY + dt.timedelta(days=ahead)
    given = [agreement("therapist", "record", "self_review", until=ends)]
    if renewed:
        given.append(agreement("therapist", "record", given_from=ends))
    found = [uses for _, uses in ending_soon(given, DAY)]
    left = ("self_review",) if renewed else ("record", "self_review")
    assert found == ([left] if 0 <= ahead <= 14 else [])


def test_what_was_taken_back_is_not_announced_to_end() -> None:
    soon = DAY + dt.timedelta(days=3)
    back = Revocation("r1", "a-therapist", DAY)
    assert ending_soon([agreement("therapist", until=soon, revocations=(back,))], DAY) == []


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
