"""Places: whatever is unknown, unsettled or old counts as everybody's agreement, and the table only warns."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from urllib.parse import urlsplit

import pandas as pd
import pytest
from hypothesis import given, strategies as st
from syrupy.assertion import SnapshotAssertion

from therapy_review.consent import law
from therapy_review.consent.law import (
    CONFIDENCE,
    Rule,
    also_said,
    of_both_ways,
    rule_for,
    rules,
    stricter,
    warnings,
)

STATES = re.findall(
    r"\w+",
    """AL AK AZ AR CA CO CT DE DC FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND
    OH OK OR PA RI SC SD TN TX UT VT VA WA WV WI WY""",
)
ELSEWHERE = re.findall(r"\S+", "US CA DE FR CH AT GB IE NL NZ AU-NSW AU-ACT AU-WA AU-SA AU-TAS AU-VIC AU-QLD")
STRICT = re.findall(r"\w+", "CA FL IL MD MA MT NH PA WA DE MI VT")
CODES = list(rules()["place"])
PERMITTING = re.compile(
    r"\b(you|they|we|clients?|anyone|anybody|everyone) (may|can|could|are (allowed|free|permitted) to) (\w+ )?"
    r"(record|tape)|\b(is|are|be) (allowed|legal|permitted)\b|(?<!can be )\blawful to\b",
    re.IGNORECASE,
)
LONG_AFTER = dt.date(2031, 1, 1)

some_place = st.sampled_from([*CODES, "", "AQ", "US-PR", "CA-ON", "AU", "XX-YY"])
way = st.one_of(st.none(), some_place)
made_up_rule = st.builds(
    Rule,
    places=st.just(("A",)),
    names=st.just(("A",)),
    asks=st.sampled_from(["all", "one"]),
    confidence=st.sampled_from(CONFIDENCE),
    checked_on=st.one_of(st.none(), st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))),
)


def everything_said(day: dt.date) -> list[str]:
    asked = [of_both_ways(place, there, day) for place in CODES for there in ("", place, "US-TX")]
    return [sentence for said in asked for sentence in said] + also_said()


def test_where_a_rule_was_read_is_said_with_its_day_in_one_room_and_across_a_border() -> None:
    day = dt.date(2026, 12, 1)
    for place in rules()["place"]:
        said = " ".join(of_both_ways(place, "", day))
        assert all(source in said for source in rule_for(place).sources)
    both = " ".join(of_both_ways("US-TX", "DE", day))
    sources = {*rule_for("US-TX").sources, *rule_for("DE").sources}
    assert len(sources) == 2
    assert all(source in both for source in sources)
    assert "public pages on 25 November 2026 or later" in both


def test_every_state_and_every_place_promised_has_a_row_of_its_own() -> None:
    assert sorted(CODES) == sorted([*(f"US-{state}" for state in STATES), *ELSEWHERE])


@pytest.mark.parametrize("row", rules().to_dict("records"), ids=CODES)
def test_a_row_is_whole(row: dict[str, object]) -> None:
    assert re.fullmatch(r"[A-Z]{2}(-[A-Z]{2,3})?", str(row["place"]))
    assert {row["rule_in_person"], row["rule_remote"]} <= {"all", "one"}
    assert str(row["name"]).strip()
    assert str(row["statute"]).strip()
    assert row["confidence"] in CONFIDENCE
    if pd.isna(row["checked_on"]):
        assert row["confidence"] == "low"
        assert "Not checked against a page." in str(row["note"])
    else:
        address = urlsplit(str(row["source"]))
        assert address.scheme in ("http", "https")
        assert address.netloc
        assert str(row["note"]).endswith(("without a date.", *(f"of {year}." for year in range(2010, 2027))))


def test_days_are_written_as_iso_dates_and_a_spoiled_one_is_not_read_as_another(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    written = pd.read_csv(law.TABLE, dtype=str, keep_default_na=False)["checked_on"]
    assert [dt.date.fromisoformat(day) for day in written if day] == list(
        rules()["checked_on"].dropna().dt.date
    )
    spoiled = tmp_path / "rules.csv"
    spoiled.write_text(law.TABLE.read_text(encoding="utf-8").replace("2026-11-25", "25/11/2026", 1), "utf-8")
    monkeypatch.setattr(law, "TABLE", spoiled)
    with pytest.raises(ValueError, match="25/11/2026"):
        rules()


@pytest.mark.parametrize(
    ("place", "in_person", "remote"),
    [
        *((f"US-{state}", "all", "all") for state in STRICT),
        ("US-NV", "one", "all"),
        ("US-CT", "one", "all"),
        ("US-NY", "one", "one"),
        ("DE", "all", "all"),
        ("FR", "all", "all"),
        ("AU-NSW", "all", "all"),
        ("CA", "one", "one"),
    ],
)
def test_the_best_known_rules_are_what_the_statutes_say(place: str, in_person: str, remote: str) -> None:
    assert rule_for(place).asks == in_person
    assert rule_for(place, remote_place=place).asks == remote


@pytest.mark.parametrize("place", ["", "  ", "AQ", "Narnia", "AU", "US", "US-PR", "DE-BY", "AU-NT"])
def test_where_the_table_is_silent_everybody_counts(place: str) -> None:
    assert rule_for(place).asks == "all"
    assert rule_for(place, remote_place="US-TX").asks == "all"
    assert rule_for("US-TX", remote_place=place).asks == "all"


def test_a_session_by_phone_with_somebody_in_an_unknown_place_is_no_session_in_one_room() -> None:
    assert rule_for("US-TX").asks == "one"
    assert rule_for("US-TX", remote_place="").asks == "all"


@pytest.mark.parametrize("written", [" us-ca ", "us_ca", "US-CA"])
def test_a_code_may_be_written_carelessly(written: str) -> None:
    assert rule_for(written) == rule_for("US-CA")
    assert rule_for("uk") == rule_for("GB")


def test_a_part_of_a_country_takes_the_countrys_row_but_never_beyond_doubt() -> None:
    assert rule_for("CA").one_is_enough
    ontario = rule_for("CA-ON")
    assert (ontario.asks, ontario.unsure, ontario.one_is_enough) == ("one", True, False)


@given(some_place, some_place)
def test_a_session_in_two_places_follows_the_stricter_of_them(here: str, there: str) -> None:
    alone = [rule_for(place, remote_place=place) for place in (here, there)]
    together = rule_for(here, remote_place=there)
    assert (together.asks == "all") == any(rule.asks == "all" for rule in alone)
    assert together.one_is_enough == all(rule.one_is_enough for rule in alone)
    assert together.unsure == any(rule.unsure for rule in alone)
    for rule in alone:
        assert set(rule.statutes) <= set(together.statutes)
        assert set(rule.sources) <= set(together.sources)


@given(made_up_rule, made_up_rule, made_up_rule)
def test_stricter_minds_neither_order_nor_repetition_and_never_loosens(a: Rule, b: Rule, c: Rule) -> None:
    assert stricter(a, a) == a
    assert stricter(a, b) == stricter(b, a)
    assert stricter(stricter(a, b), c) == stricter(a, stricter(b, c))
    both = stricter(a, b)
    for rule in (a, b):
        assert not (rule.asks == "all" and both.asks == "one")
        assert CONFIDENCE.index(both.confidence) <= CONFIDENCE.index(rule.confidence)
        assert both.checked_on is None or (rule.checked_on is not None and both.checked_on <= rule.checked_on)


@given(made_up_rule)
def test_one_is_enough_only_where_nothing_is_in_doubt(rule: Rule) -> None:
    settled = rule.asks == "one" and rule.confidence == "high" and rule.checked_on is not None
    assert rule.one_is_enough == settled


@pytest.mark.parametrize("place", ["US-MI", "US-DE", "US-KS", "US-HI", "US-MO", "GB", "NL", "AU-QLD", "US"])
def test_contested_places_are_never_beyond_doubt(place: str) -> None:
    rule = rule_for(place)
    assert rule.unsure
    assert not rule.one_is_enough
    assert any("not settled" in sentence for sentence in warnings(rule, dt.date(2026, 12, 1)))


def test_a_row_read_more_than_twelve_months_ago_is_said_to_be_old() -> None:
    read = rule_for("US-NY").checked_on
    assert read == dt.date(2026, 11, 25)
    assert warnings(rule_for("US-NY"), dt.date(2027, 11, 25)) == []
    (warning,) = warnings(rule_for("US-NY"), dt.date(2027, 11, 26))
    assert "25 November 2026" in warning


@given(st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1)), st.integers(0, 1500))
def test_age_is_counted_in_calendar_months(read: dt.date, days: int) -> None:
    rule = Rule(("A",), ("A",), "one", "high", ("S",), checked_on=read)
    later = read + dt.timedelta(days=days)
    birthday = (pd.Timestamp(read) + pd.DateOffset(years=1)).date()
    assert rule.stale(later) == (later > birthday)


def test_a_row_that_was_never_read_is_stale_unsure_and_said_to_be_so() -> None:
    rule = Rule(("A",), ("Arcadia",), "one", "high", ("Act 1",))
    assert rule.stale(dt.date(1990, 1, 1))
    assert not rule.one_is_enough
    assert any("not checked" in said for said in warnings(rule, LONG_AFTER))


@given(some_place, way, st.dates(dt.date(2026, 11, 25), dt.date(2040, 1, 1)))
def test_the_last_word_is_that_it_is_no_legal_advice_and_how_old_the_table_is(
    place: str, remote: str | None, day: dt.date
) -> None:
    sentences = of_both_ways(place, remote or "", day)
    assert "not legal advice" in sentences[-1]
    assert "25 November 2026" in sentences[-1]
    assert law.EVERYWHERE in sentences
    assert all(sentence.endswith(".") for sentence in sentences)
    assert also_said()[-1] == sentences[-1]


def test_no_sentence_says_that_a_recording_is_allowed() -> None:
    for permitting in (
        "You may record here.",
        "you can secretly record",
        "It is legal.",
        "You are free to record",
    ):
        assert PERMITTING.search(permitting)
    for sentence in everything_said(dt.date(2026, 12, 1)) + everything_said(LONG_AFTER):
        assert not PERMITTING.search(sentence), sentence


def test_what_is_said_of_a_place_of_two_of_none_and_everywhere(snapshot: SnapshotAssertion) -> None:
    asked = [("US-NV", "US-TX"), ("CA-ON", ""), ("", ""), ("US-CA", "US-CA")]
    said = {" and ".join(places): of_both_ways(*places, dt.date(2026, 12, 1)) for places in asked}
    assert said | {"later": of_both_ways("US-CA", "US-CA", LONG_AFTER), "also": also_said()} == snapshot


def test_the_table_handed_out_is_the_readers_own() -> None:
    mine = rules()
    mine["rule_in_person"] = "one"
    assert rule_for("US-CA").asks == "all"
    assert set(rules()["rule_in_person"]) == {"all", "one"}
