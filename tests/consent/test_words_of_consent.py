"""What is said where a recording stays closed, and where an agreement can't be written down or read."""

from __future__ import annotations

import datetime as dt

from syrupy.assertion import SnapshotAssertion

from tests.consent.test_agreement import BOTH, DAY, agreement
from tests.consent.test_gate import require
from tests.support.words import refused
from therapy_review.consent.agreement import ONE_PARTY, Agreement, Revocation
from therapy_review.consent.agreements_file import append, parse


def test_why_a_recording_stays_closed(snapshot: SnapshotAssertion) -> None:
    def closed(*given: Agreement, heard: tuple[str, ...] = BOTH, made_on: str = "2026-03-05") -> str:
        return refused(lambda: require(given, heard, "self_review", DAY, made_on))

    client = agreement("client")
    back = Revocation("r1", "a-therapist", dt.date(2026, 2, 2))
    no_record = Revocation("r1", "a-therapist", dt.date(2026, 2, 2), ("record",))
    recorded = agreement("client", "record", "self_review")
    assert {
        "nobody agreed": closed(),
        "one agreed": closed(client),
        "somebody else": closed(client, agreement("therapist"), heard=(*BOTH, "Sam")),
        "on one's own word": closed(agreement("client", basis=ONE_PARTY)),
        "ended": closed(client, agreement("therapist", until=dt.date(2026, 2, 1))),
        "not begun": closed(client, agreement("therapist", given_from=dt.date(2026, 4, 1))),
        "taken back": closed(client, agreement("therapist", revocations=(back,))),
        "not recorded any more": closed(
            recorded,
            agreement("therapist", "record", "self_review", revocations=(no_record,)),
            made_on="2026-02-09",
        ),
        "recorded between": closed(
            recorded,
            agreement("therapist", "record", "self_review", until=dt.date(2026, 1, 31)),
            agreement("therapist", "record", "self_review", given_from=dt.date(2026, 2, 9)),
            made_on="2026-02-05",
        ),
    } == snapshot


def test_what_can_not_be_agreed_to(snapshot: SnapshotAssertion) -> None:
    def no(**wrong: object) -> str:
        said = {"who": "client", "uses": ["self_review"], "given_from": DAY, "name": "A"} | wrong
        return refused(lambda: append(b"", **said))  # type: ignore[arg-type]

    assert {
        "no use": no(uses=["fun"]),
        "with nobody": no(uses=["share: "]),
        "nothing": no(uses=[]),
        "nobody": no(who=" "),
        "no way": no(how="nodded"),
        "no day": no(until=DAY - dt.timedelta(days=1)),
        "one party for more": no(basis=ONE_PARTY, uses=["self_review", "report"]),
        "one party for others": no(basis=ONE_PARTY, who="therapist"),
    } == snapshot


def test_a_file_of_agreements_that_can_not_be_read(snapshot: SnapshotAssertion) -> None:
    given = append(b"", "client", ["self_review"], given_from=DAY, name="A")
    assert {
        "no text": refused(lambda: parse(b"\xff", "agreements.toml")).split("(")[0],
        "no day": refused(lambda: parse(given.replace(b"from = 20", b"from = 1 # "), "agreements.toml")),
    } == snapshot
