"""The transcript: read whole or not at all, and only where everybody heard has agreed."""

from __future__ import annotations

import pytest

from therapy_review import Journal, Session
from therapy_review.consent.agreements_file import take_back
from therapy_review.errors import ConsentError, JournalError
from therapy_review.journal.transcript import read

SAID = """WEBVTT - made elsewhere

NOTE two people --> one room

STYLE
::cue { color: lime }

1
00:00:01.500 --> 00:00:04.000 align:start
<v Robin>I went <i>home</i> &amp; slept
the whole day.</v>

00:05.250 --> 00:07.000
<v.calm Dr. Moss>Mm-hm.
<v ROBIN>Yes.

01:00:00.000 --> 01:00:02.000
a door &lt;3

01:00:03.000 --> 01:00:04.000
<v Therapist>See you.
"""
NAMES = {"client": "Robin", "therapist": "Dr. Moss"}


@pytest.fixture
def session(journal: Journal) -> Session:
    return journal.session("2026-03-05")


def put(session: Session, data: bytes) -> None:
    session.journal.store.write(session.file("transcript.vtt"), data)


def test_who_said_what_and_when_is_read_without_tags():
    assert read(SAID.encode(), "transcript.vtt", NAMES).to_numpy().tolist() == [
        [1.5, 4.0, "client", "I went home & slept the whole day."],
        [5.25, 7.0, "therapist", "Mm-hm."],
        [5.25, 7.0, "client", "Yes."],
        [3600.0, 3602.0, "", "a door <3"],
        [3603.0, 3604.0, "therapist", "See you."],
    ]


def test_names_nobody_knows_stay_as_they_are_written():
    assert read(SAID.encode(), "transcript.vtt")["speaker"].tolist() == [
        "Robin",
        "Dr. Moss",
        "ROBIN",
        "",
        "therapist",
    ]


def test_a_client_without_a_name_is_not_everybody_without_one():
    assert "" in read(SAID.encode(), "transcript.vtt", {"client": " "})["speaker"].tolist()


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends_and_a_byte_order_mark_make_no_difference(ends):
    data = b"\xef\xbb\xbf" + SAID.replace("\n", ends).encode()
    assert read(data, "transcript.vtt").equals(read(SAID.encode(), "transcript.vtt"))


def test_cues_out_of_order_are_put_in_order_of_time():
    said = b"WEBVTT\n\n00:09.000 --> 00:10.000\nthen\n\n00:01.000 --> 00:02.000\nfirst\n"
    assert read(said, "transcript.vtt")["text"].tolist() == ["first", "then"]


def test_a_transcript_in_which_nothing_is_said_is_an_empty_table():
    assert list(read(b"WEBVTT\n", "transcript.vtt").columns) == ["start", "end", "speaker", "text"]
    assert read(b"WEBVTT\n", "transcript.vtt").empty


@pytest.mark.parametrize(
    "damaged",
    [
        b"",
        b"1\n00:00:01,500 --> 00:00:04,000\nFrom SubRip.\n",
        b"WEBVTT\n\n00:01.000 --> 00:02.000\nRead.\n\n00:03,000 --> 00:04,000\nWould be lost.\n",
        b"WEBVTT\n\n00:03.000 --> 00:02.000\nBackwards.\n",
        b"WEBVTT\n\n00:99.000 --> 00:99.500\nNo such second.\n",
        "WEBVTT\n\n00:01.000 --> 00:02.000\nCafé\n".encode("latin-1"),
    ],
)
def test_what_can_not_be_read_whole_says_which_file_to_mend(session, damaged):
    put(session, damaged)
    with pytest.raises(
        JournalError, match=r"practice/sessions/2026-03-05/transcript\.vtt should be"
    ) as caught:
        session.transcript()
    assert "\n" not in str(caught.value)


def test_a_session_knows_its_people_by_the_names_of_the_journal(session):
    names = (session.journal.client, session.journal.therapist)
    put(
        session,
        "WEBVTT\n\n00:01.000 --> 00:02.000\n<v {}>Hello.\n<v {}>Good morning.\n".format(*names).encode(),
    )
    assert session.transcript()["speaker"].tolist() == ["client", "therapist"]


def test_without_a_file_nothing_was_said(session):
    assert session.transcript().empty
    assert session.transcript()["start"].dtype == float


def test_words_stay_closed_as_the_recording_does_once_an_agreement_is_taken_back(session):
    put(session, SAID.encode())
    store, today = session.journal.store, session.journal.today()
    store.write(
        "agreements.toml", take_back(store.read("agreements.toml"), "therapist", "self_review", on=today)
    )
    for opened in (session.recording, session.transcript):
        with pytest.raises(ConsentError, match="from the therapist"):
            opened()


def test_words_are_opened_for_what_was_agreed_to_and_nothing_else(session):
    put(session, SAID.encode())
    assert len(session.transcript("self_review")) == 5
    with pytest.raises(ConsentError):
        session.transcript("share:a friend")
