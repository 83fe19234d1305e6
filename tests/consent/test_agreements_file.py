"""What is kept of agreements: added to alone, read whole or not at all, and taken back."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given, strategies as st

from tests.consent.test_agreement import BOTH, DAY, days
from tests.consent.test_gate import require
from therapy_review import Journal
from therapy_review.consent.agreement import ONE_PARTY, USES, Agreement, Spoken
from therapy_review.consent.agreements_file import append, keep_all_the_same, parse, take_back
from therapy_review.errors import JournalError

GIVEN = b'[[agreement]]\nid = "a1"\nwho = "client"\nuses = ["self_review"]\nfrom = 2026-01-05\n'


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
    with pytest.raises(JournalError, match=r"agreements\.toml can't be read .*is opened"):
        parse(data, "agreements.toml")
    heard.store.write("agreements.toml", data)
    with pytest.raises(JournalError, match="is opened"):
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
        ({"uses": ["fun"]}, "fun is not"),
        ({"uses": ["share: "]}, "is not something"),
        ({"uses": []}, "Nothing was agreed"),
        ({"who": " "}, "is somebody's"),
        ({"how": "nodded"}, "not nodded"),
        ({"until": DAY - dt.timedelta(days=1)}, "before it begins"),
        ({"basis": ONE_PARTY, "uses": ["self_review", "report"]}, "self_review alone"),
        ({"basis": ONE_PARTY, "who": "therapist"}, "self_review alone"),
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
    assert given.state(DAY).startswith("in force, but not")
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
