"""One agreement: the days and uses it holds for, how it stands, and when its end is announced."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, strategies as st

from therapy_review import Journal
from therapy_review.consent.agreement import ALL_PARTIES, USES, Agreement, Revocation, ending_soon, table

days = st.dates(dt.date(2025, 1, 1), dt.date(2027, 12, 31))
DAY = dt.date(2026, 3, 5)
BOTH = ("client", "therapist")


def agreement(who: str, *uses: str, **more: object) -> Agreement:
    return Agreement(f"a-{who}", who, uses or ("self_review",), **{"given_from": dt.date(2026, 1, 1), **more})  # type: ignore[arg-type]


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
