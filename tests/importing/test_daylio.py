"""Daylio's export: what Daylio writes comes in as it was, and what is damaged is named."""

from __future__ import annotations

import csv
import datetime as dt
import io
from dataclasses import dataclass

import pytest
from hypothesis import given, strategies as st

from therapy_review.errors import ImportFileError
from therapy_review.importing.daylio import is_daylio, read_daylio

HEADER = ["full_date", "date", "weekday", "time", "mood", "activities", "note_title", "note"]
WORD = st.text(
    alphabet=st.characters(exclude_categories=["Cs", "Cc", "Z"], exclude_characters="|<\ufeff"), min_size=1
)
LINE = st.text(alphabet=st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="<\ufeff"))
NOTE = st.lists(LINE, max_size=3).map("\n".join)


@dataclass(frozen=True)
class Noted:
    """What somebody noted in Daylio."""

    at: dt.datetime
    mood: str
    activities: tuple[str, ...] = ()
    title: str = ""
    note: str = ""


def export(
    noted: list[Noted],
    *,
    twelve: bool = False,
    old: bool = False,
    separator: str = ",",
    encoding: str = "utf-8-sig",
) -> bytes:
    """Write entries as Daylio does: the newest first, text in quotes, in 12 or 24 hours, as today or as in 2018."""
    out = io.StringIO(newline="")
    out.write(separator.join(["year", *HEADER[1:6], "note"] if old else HEADER) + "\n")
    for one in sorted(noted, key=lambda one: one.at, reverse=True):
        hour = one.at.hour % 12 or 12
        marker = "pm" if one.at.hour >= 12 else "am"
        time = f"{hour}:{one.at:%M} {marker}" if twelve else f"{one.at:%H:%M}"
        day = f"{one.at.day} {one.at:%B}" if old else f"{one.at:%B} {one.at.day}"
        head = [str(one.at.year) if old else f"{one.at:%Y-%m-%d}", day, f"{one.at:%A}", time, one.mood]
        texts = [" | ".join(one.activities), *([one.note] if old else [one.title, one.note])]
        cell = io.StringIO(newline="")
        csv.writer(cell, delimiter=separator, lineterminator="").writerow(head)
        quoted = ['"' + text.replace('"', '""') + '"' for text in texts]
        out.write(separator.join([cell.getvalue(), *quoted]) + "\n")
    return out.getvalue().encode(encoding)


def a_year() -> list[Noted]:
    """A believable year: renamed moods, two names on one value, days left out, notes of several lines."""
    moods = ["rad", "gut", "so lala", "meh", "müde 😴", "awful"]
    activities = ["work", "movies / tv", "good meal", "Sam", "schlecht geschlafen"]
    found = []
    for n in range(365):
        if n % 7 == 3:
            continue
        at = dt.datetime(2025, 3, 10, 20, 39) + dt.timedelta(days=n, minutes=(n * 37) % 180)
        some = tuple(activities[i] for i in range(5) if (n >> i) & 1)
        note = 'She said "stay".\nI stayed, and it was all right; really.' if n % 5 == 0 else ""
        found.append(Noted(at, moods[(n * 5 + n // 9) % 6], some, "A walk" if n % 10 == 0 else "", note))
    return found


def rows(noted: list[Noted]) -> list[tuple[str, ...]]:
    """What should come in."""
    return [
        (
            f"{one.at:%Y-%m-%d}",
            f"{one.at:%H:%M}",
            one.mood,
            " | ".join(one.activities),
            "\n".join(text.strip() for text in (one.title, one.note) if text.strip()),
        )
        for one in sorted(noted, key=lambda one: one.at, reverse=True)
    ]


def came_in(data: bytes) -> list[tuple[str, ...]]:
    entries = read_daylio(data, "daylio_export.csv").entries
    dates = entries["date"].dt.strftime("%Y-%m-%d")
    columns = ["date", "time", "mood_name", "tags", "note"]
    return list(entries.assign(date=dates)[columns].itertuples(index=False, name=None))


@pytest.mark.parametrize("twelve", [False, True])
@pytest.mark.parametrize("separator", [",", ";"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_year_comes_in_as_it_was_noted(twelve: bool, separator: str, encoding: str) -> None:
    data = export(a_year(), twelve=twelve, separator=separator, encoding=encoding)
    assert came_in(data) == rows(a_year())
    assert read_daylio(data, "x.csv").damaged == ()


def test_the_older_style_with_a_year_and_a_day_comes_in_as_well() -> None:
    noted = [Noted(one.at, one.mood, one.activities, "", one.note) for one in a_year()]
    assert came_in(export(noted, old=True, twelve=True)) == rows(noted)


@given(
    st.lists(
        st.builds(
            Noted,
            at=st.datetimes(dt.datetime(2010, 1, 1), dt.datetime(2060, 1, 1)).map(
                lambda at: at.replace(second=0, microsecond=0)
            ),
            mood=WORD,
            activities=st.lists(WORD, max_size=3, unique=True).map(tuple),
            title=LINE,
            note=NOTE,
        ),
        max_size=5,
        unique_by=lambda one: one.at,
    ),
    st.booleans(),
    st.sampled_from([",", ";"]),
)
def test_whatever_was_noted_comes_in(noted: list[Noted], twelve: bool, separator: str) -> None:
    assert came_in(export(noted, twelve=twelve, separator=separator)) == rows(noted)


def test_moods_have_names_and_no_numbers_the_most_frequent_first() -> None:
    found = read_daylio(export(a_year()), "x.csv")
    assert found.entries["mood"].isna().all()
    assert set(found.names) == {"rad", "gut", "so lala", "meh", "müde 😴", "awful"}
    counts = found.entries["mood_name"].value_counts()
    assert [counts[name] for name in found.names] == sorted(counts, reverse=True)


def damaged() -> tuple[bytes, list[tuple[int, str]]]:
    """A damaged export, and its damaged lines."""
    lines = [
        ",".join(HEADER),
        '2026-03-04,March 4,Wednesday,20:39,good,"walk","","two',
        'lines"',
        '2026-03-03,March 3,Tuesday,20:39,good,"walk","","never closed',
        '2026-03-02,March 2,Monday,20:39,meh,"","",""',
        '2026-02-30,February 30,Monday,20:39,meh,"","",""',
        '2026-03-01,March 1,Sunday,25:39,meh,"","",""',
        '2026-02-28,February 28,Saturday,20:39,,"","",""',
        "2026-02-27,February 27,Friday,20:39,meh,one, two,three,four",
        "2026-02-26,February 26",
        ",,,,,,,",
        '2026-02-25,February 25,Wednesday,9:05 PM,awful,"","",""',
    ]
    wrong = [
        (4, "quotation mark"),
        (6, "'2026-02-30' for a day"),
        (8, "no mood"),
        (9, "9 fields in place of 8"),
        (10, "2 fields in place of 8"),
        (11, "no day"),
    ]
    return "\r\n".join(lines).encode(), wrong


def test_damaged_lines_are_named_by_number_and_the_good_ones_come_in() -> None:
    data, wrong = damaged()
    found = read_daylio(data, "x.csv")
    assert [one.line for one in found.damaged] == [line for line, _ in wrong]
    for one, (_, why) in zip(found.damaged, wrong, strict=True):
        assert why in one.why
    assert [row[:3] for row in came_in(data)] == [
        ("2026-03-04", "20:39", "good"),
        ("2026-03-02", "20:39", "meh"),
        ("2026-03-01", "", "meh"),
        ("2026-02-25", "21:05", "awful"),
    ]


def clocks(*times: str) -> tuple[list[str], int, int]:
    """Times as they come in, how many were not clear, how many lines were damaged."""
    lines = [f'2026-03-{n:02d},March {n},,"{time}",meh,"","",""' for n, time in enumerate(times, 1)]
    found = read_daylio("\n".join([",".join(HEADER), *lines]).encode(), "x.csv")
    return found.entries["time"].tolist(), found.timeless, len(found.damaged)


def test_a_clock_that_is_not_known_costs_the_time_and_not_the_entry() -> None:
    assert clocks("8:39 xx", "20:39 xx yy", "25:39", "evening") == (["", "20:39", "", ""], 3, 0)
    found = read_daylio(damaged()[0], "x.csv")
    assert found.about_times.startswith("1 entry comes in")


def test_an_hour_that_only_a_clock_of_24_hours_has_tells_about_the_others() -> None:
    assert clocks("8:39 lo", "20:39 lo") == (["08:39", "20:39"], 0, 0)
    assert clocks("8:39 lo", "8:20 lo") == (["", ""], 2, 0)
    assert clocks("8:39 pm", "20:39 pm") == (["20:39", ""], 1, 0)  # a half of the day stays one


def test_formatted_notes_lose_their_markup_and_nothing_else() -> None:
    note = "<p>I said <b>no</b> &amp; <i>meant</i> it.</p><ul><li>x &lt; y</li></ul>"
    ((*_, said),) = came_in(export([Noted(dt.datetime(2026, 3, 4), "meh", (), "", note)]))
    assert said == "I said no & meant it.\nx < y"
    plain = "1 < 2 &amp; <3 <hugs>"
    ((*_, said),) = came_in(export([Noted(dt.datetime(2026, 3, 4), "meh", (), "", plain)]))
    assert said == plain


def test_columns_with_no_place_here_are_named() -> None:
    data = export(a_year()[:3]).replace(b"note_title,note\n", b"note_title,note,scales\n")
    data = b"".join(line + (b",7" if n else b"") + b"\n" for n, line in enumerate(data.splitlines()) if line)
    found = read_daylio(data.replace(b'really."\n,7', b'really.",7'), "x.csv")
    assert found.left_out == ("scales",)


def test_another_table_is_not_taken_for_daylios() -> None:
    assert not is_daylio(["date", "mood", "note"])
    with pytest.raises(ImportFileError, match=r"full_date.*More, Export Entries"):
        read_daylio(b"date,mood\n2026-03-04,7\n", "moods.csv")
