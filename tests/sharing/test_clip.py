"""Sharing: chosen clips alone, others' voices left out unless they agreed, and nothing without the cautions."""

from __future__ import annotations

import datetime as dt
import io
import math
import os
import shutil
import stat
import threading
import time
from pathlib import Path
from typing import Any

import av
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, strategies as st
from syrupy.assertion import SnapshotAssertion
from typer.testing import CliRunner

from tests.conftest import RECORDED, reference, root_of
from tests.support.killing import Act, Killer
from therapy_review import Journal, Session, analyse, open_journal
from therapy_review.cli import app
from therapy_review.consent import agreements_file, ledger
from therapy_review.consent.agreement import ONE_PARTY
from therapy_review.errors import ConsentError, JournalError, NotAnalysedError, RecordingError, ShareError
from therapy_review.journal.marks import KINDS, Mark
from therapy_review.sharing import clip as share, export
from therapy_review.sharing.cautions import CAUTIONS, in_the_ledger, in_words
from therapy_review.sharing.clip import MARGIN, clip, clip_of_all, read_span
from therapy_review.sharing.export import sound_of, write
from therapy_review.sharing.plan import plan, voices
from therapy_review.sound.recording import Recording
from therapy_review.turns import intervals
from therapy_review.turns.table import merge_stretches, turns_table, validate

DAY = "2026-03-05"
USE = "share:Sam"
BOTH = (24.0, 31.0)  # the client, then the therapist, then the client
RATE = 48_000


@pytest.fixture
def session(heard: Journal) -> Session:
    return heard.session(DAY)


def agree(journal: Journal, who: str = "therapist", use: str = USE, **more: Any) -> None:
    begun = {"given_from": journal.today() - dt.timedelta(days=9), "name": "x", **more}
    journal.keep_agreements(lambda data: agreements_file.append(data, who, [use], **begun))


def take_back(journal: Journal, who: str, use: str = "") -> None:
    journal.keep_agreements(lambda data: agreements_file.take_back(data, who, use, on=journal.today()))


def decoded(file: Path) -> np.ndarray:
    """What anybody hears of a clip: mono at 48 kHz."""
    with av.open(str(file)) as sound:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        return np.concatenate(
            [f.to_ndarray().ravel() for q in sound.decode(audio=0) for f in resampler.resample(q)]
        )


def loudness(sound: np.ndarray, parts: list[intervals.Span], of: intervals.Span, inset: float = 0.0) -> float:
    """The root mean square of a clip in some parts of the recording, a little inside their edges."""
    pieces = [
        sound[round((a + inset - of[0]) * RATE) : round((b - inset - of[0]) * RATE)]
        for a, b in intervals.within(parts, *of)
        if b - a > 2 * inset
    ]
    whole = np.concatenate(pieces)
    assert len(whole) > RATE / 4
    return float(np.sqrt((whole**2).mean()))


def spoken_by(who: str) -> list[intervals.Span]:
    said = reference(DAY)
    return share._spans(said[said["speaker"] == who])


def written(
    session: Session, folder: Path, *chosen: intervals.Span, silence: tuple[intervals.Span, ...] = ()
) -> list[Path]:
    return write(session, plan(session, "Sam", chosen or [BOTH], silence), folder, CAUTIONS)


# What goes out


def test_the_client_is_heard_and_the_therapist_is_not_unless_they_agreed(
    session: Session, tmp_path: Path
) -> None:
    (file,) = written(session, tmp_path / "out")
    sound = decoded(file)
    others = intervals.widened(spoken_by("therapist"), -0.1)
    alone = [
        part
        for a, b in spoken_by("client")
        for part in intervals.without(intervals.widened(spoken_by("therapist"), 0.8), a, b)
    ]
    assert loudness(sound, alone, BOTH) > 0.02
    assert loudness(sound, others, BOTH) == 0
    agree(session.journal)
    (second,) = written(session, tmp_path / "out")
    assert loudness(decoded(second), others, BOTH) > 0.02
    assert loudness(decoded(second), alone, BOTH) > 0.02


def test_what_is_chosen_to_be_silent_is_silent_even_where_all_agreed(
    session: Session, tmp_path: Path
) -> None:
    agree(session.journal)
    name = (29.0, 30.0)
    (file,) = written(session, tmp_path / "out", silence=(name,))
    sound = decoded(file)
    assert loudness(sound, [name], BOTH, inset=0.09) == 0  # AAC's windows reach 85 ms beyond an edge
    assert loudness(sound, [(28.4, 28.9)], BOTH) > 0.02
    (before,) = written(session, tmp_path / "out")
    assert loudness(decoded(before), [name], BOTH, inset=0.09) > 0.02


def test_the_sound_is_nought_to_the_sample_where_it_is_silent(session: Session) -> None:
    made = plan(session, "Sam", [BOTH], [(29.0, 30.0)])
    sound = sound_of(session, made, made.clips[0])
    assert len(sound) == 7 * 24_000
    for start, end in made.clips[0].silent:
        assert not sound[math.ceil((start - 24) * 24_000) : math.floor((end - 24) * 24_000)].any()
    assert sound.any()
    assert np.abs(sound).max() <= 0.45  # as quiet as everything else here


@pytest.mark.parametrize("kind", ["trigger", "name"])
def test_what_was_marked_as_a_trigger_or_a_name_is_silent_without_being_asked(
    session: Session, kind: str
) -> None:
    agree(session.journal)
    session.add_mark(Mark(28.5, 29.5, kind))
    (one,) = plan(session, "Sam", [BOTH]).clips
    ((start, end),) = one.silent
    assert start <= 28.0
    assert end >= 29.5
    assert one.by_choice == pytest.approx(end - start)


def test_a_name_that_was_marked_while_listening_is_silent_though_it_was_over_by_then(
    session: Session,
) -> None:
    agree(session.journal)
    session.add_mark(
        Mark(28.5, math.nan, KINDS[-1])
    )  # as the player puts it, some seconds after the name began
    (one,) = plan(session, "Sam", [BOTH]).clips
    assert one.silent == ((25.5, 31.0),)


def test_words_that_may_be_anybodys_are_left_out() -> None:
    talk = turns_table([(0, 4, "client", 0.99), (5, 8, "client", 0.8)])
    one = clip(talk, 0, 10, ["client"])
    assert intervals.within(one.silent, 4.5, 8.5) == [(4.5, 8.5)]
    assert one.unsure == 3
    assert one.left_out == ()


def test_where_two_speak_at_once_nobody_is_heard() -> None:
    talk = turns_table([(0, 6, "client"), (2, 3, "therapist")])
    assert clip(talk, 0, 6, ["client"]).silent == ((2 - MARGIN, 3 + MARGIN),)


@given(
    st.lists(
        st.tuples(
            st.floats(0, 30),
            st.floats(0.1, 5),
            st.sampled_from(["client", "therapist", "other"]),
            st.floats(0.5, 1),
        ),
        max_size=12,
    ),
    st.floats(0, 20),
    st.floats(1, 15),
)
def test_nothing_of_anybody_else_is_ever_audible(
    rows: list[tuple[float, float, str, float]], start: float, long: float
) -> None:
    table = pd.DataFrame(
        [(a, a + b, who, sure) for a, b, who, sure in rows], columns=["start", "end", "speaker", "confidence"]
    ).sort_values(["start", "end"], ignore_index=True)
    talk = merge_stretches(table, 0) if rows else turns_table()
    validate(talk)
    one = clip(talk, start, start + long, ["client"])
    audible = intervals.without(one.silent, start, start + long)
    for row in talk[(talk["speaker"] != "client") | (talk["confidence"] < share.SURE)].itertuples():
        assert intervals.length(intervals.within(audible, row.start - MARGIN, row.end + MARGIN)) < 1e-9
    assert one.seconds_silent + intervals.length(audible) == pytest.approx(long)


@pytest.mark.slow
def test_hardly_anything_of_the_therapist_is_left_in_the_practice_journal(journal: Journal) -> None:
    left = own = of_client = 0.0
    for day in RECORDED:
        session = journal.session(day)
        analyse(session)
        end = float(session.made_from()["duration"])
        audible = intervals.without(clip(session.turns, 0, end, ["client"]).silent, 0, end)
        truth = reference(day)
        others = intervals.joined(share._spans(truth[truth["speaker"] != "client"]))
        client = intervals.joined(share._spans(truth[truth["speaker"] == "client"]))
        left += sum(intervals.length(intervals.within(others, *part)) for part in audible)
        own += sum(intervals.length(intervals.within(client, *part)) for part in audible)
        of_client += intervals.length(client)
    assert left < 1.0  # of 401 seconds
    assert own / of_client > 0.93


# Whose agreement


def test_sharing_never_rests_on_the_clients_word_alone(heard: Journal) -> None:
    data = agreements_file.append(
        b"", "client", ["self_review"], given_from=heard.today(), name="x", basis=ONE_PARTY
    )
    heard.store.write("agreements.toml", data)
    journal = Journal(heard.store, {**heard.settings, "place": "US-TX", "therapist_place": "US-TX"})
    session = journal.session(DAY)
    session.recording()  # to listen is open
    with pytest.raises(ConsentError, match="your word alone"):
        plan(session, "Sam", [BOTH])


@pytest.mark.parametrize("state", ["none", "another", "expired", "future", "revoked", "revoked whole"])
def test_an_agreement_that_is_not_in_force_leaves_the_voice_out(heard: Journal, state: str) -> None:
    today = heard.today()
    if state == "another":
        agree(heard, use="share:Alex")
    elif state == "expired":
        agree(heard, until=today - dt.timedelta(days=1))
    elif state == "future":
        agree(heard, given_from=today + dt.timedelta(days=1))
    elif state.startswith("revoked"):
        agree(heard)
        assert voices(heard.session(DAY), "Sam") == ("client", "therapist")
        take_back(heard, "therapist", "" if state.endswith("whole") else USE)
    if state == "revoked whole":  # then nothing of it is open any more
        with pytest.raises(ConsentError):
            voices(heard.session(DAY), "Sam")
    else:
        assert voices(heard.session(DAY), "Sam") == ("client",)


def test_a_client_who_took_it_back_has_to_agree_again(heard: Journal) -> None:
    agree(heard, "client")
    agree(heard)
    assert voices(heard.session(DAY), "Sam") == ("client", "therapist")
    take_back(heard, "client", USE)
    with pytest.raises(ConsentError, match="your own agreement"):
        voices(heard.session(DAY), "Sam")


def test_a_third_person_is_left_out_until_everybody_agreed(heard: Journal) -> None:
    agree(heard)
    session = heard.session(DAY)
    session.save_notes(session.notes.changed(participants=("client", "therapist", "Kim")))
    agree(heard, "Kim", "self_review")
    made = plan(session, "Sam", [BOTH])
    assert made.voices == ("client", "therapist")
    assert made.clips[0].silent  # what lies between the words may be Kim
    agree(heard, "Kim")
    assert plan(session, "Sam", [BOTH]).clips == (clip_of_all(*BOTH),)


def test_without_an_analysis_or_without_names_nobody_can_be_left_out(journal: Journal) -> None:
    session = journal.session(DAY)
    with pytest.raises(NotAnalysedError):
        plan(session, "Sam", [BOTH])
    journal.store.remove(session.file("corrections.csv"))
    analyse(session)
    with pytest.raises(ShareError, match="which voice"):
        plan(session, "Sam", [BOTH])


@pytest.mark.parametrize(
    ("who", "chosen", "why"),
    [
        ("", [BOTH], "with whom"),
        ("  ", [BOTH], "with whom"),
        ("Sam", [], "No moment"),
        ("Sam", [(240.0, 250.0)], "lasts 4:03"),
        ("Sam", [(2.5, 4.5)], "Nothing would"),
    ],
)
def test_what_is_no_clip_is_said_in_a_sentence(
    session: Session, who: str, chosen: list[intervals.Span], why: str
) -> None:
    with pytest.raises(ShareError, match=why):
        plan(session, who, chosen)


def test_a_silence_that_lies_in_no_moment_is_a_slip(session: Session) -> None:
    with pytest.raises(ShareError, match="lies in none"):
        plan(session, "Sam", [BOTH], [(29.0, 30.0), (129.0, 130.0)])


@pytest.mark.parametrize("text", ["12:30", "12:30-", "13:10-12:30", "a-b", "1:75-2:00", "1:00-2:00-3:00"])
def test_what_is_no_stretch_is_said_in_a_sentence(text: str) -> None:
    with pytest.raises(ShareError):
        read_span(text)


# Writing


def everything(root: Path) -> dict[str, bytes]:
    return {
        str(p.relative_to(root)): p.read_bytes()
        for p in sorted(root.rglob("*"))
        if p.is_file() and p.name != ".lock"
    }


@pytest.mark.parametrize("read", [(), ("hurt",), tuple(CAUTIONS)[1:], ("yes",)])
def test_nothing_is_written_before_every_caution_was_read(
    session: Session, tmp_path: Path, read: tuple[str, ...]
) -> None:
    before = everything(tmp_path)
    with pytest.raises(ShareError, match="cautions"):
        write(session, plan(session, "Sam", [BOTH]), tmp_path / "out", read)
    assert everything(tmp_path) == before
    assert not (tmp_path / "out").exists()


def test_a_clip_says_nothing_of_where_it_is_from_and_is_its_owners_alone(
    session: Session, tmp_path: Path
) -> None:
    (file,) = written(session, tmp_path / "out")
    assert file.name == "clip-1.m4a"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    data = file.read_bytes()
    with av.open(io.BytesIO(data)) as sound:
        (stream,) = sound.streams.audio
        kept = {"title", "major_brand", "minor_version", "compatible_brands"}
        assert set(sound.metadata) == kept
        assert sound.metadata["title"] == "Clip 1"
        assert {**stream.metadata, "handler_name": ""} == {"language": "und", "handler_name": ""}
        assert stream.codec_context.name == "aac"
    for word in (b"Lav", b"Robin", b"Daniel", b"Sam", DAY.encode(), b"2026"):
        assert word not in data


def test_no_file_is_ever_overwritten(session: Session, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "clip-1.m4a").write_bytes(b"mine")
    (out / "clip-2.ogg").write_bytes(b"mine as well")
    files = written(session, out, BOTH, (40.5, 41.8))
    assert [file.name for file in files] == ["clip-3.m4a", "clip-4.m4a"]
    assert (out / "clip-1.m4a").read_bytes() == b"mine"


def test_two_that_share_at_once_into_one_folder_write_over_nothing(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    free, written = export._free, []

    def slowly(target: Path, number: int) -> list[str]:
        names = free(target, number)
        time.sleep(0.3)  # in which the other could come to the same names
        return names

    monkeypatch.setattr(export, "_free", slowly)
    made = plan(session, "Sam", [BOTH])

    def share_it() -> None:
        written.extend(write(session, made, tmp_path / "out", CAUTIONS))

    both = [threading.Thread(target=share_it) for _ in range(2)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(path.name for path in written) == ["clip-1.m4a", "clip-2.m4a"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["clip-1.m4a", "clip-2.m4a"]
    assert (session.journal.ledger["what"] == "shared").sum() == 2


@pytest.mark.parametrize("inside", ["", "sessions", "new/folder"])
def test_a_folder_in_a_journal_is_refused(session: Session, inside: str) -> None:
    root = root_of(session.journal)
    before = everything(root)
    with pytest.raises(ShareError, match="outside"):
        written(session, root / inside)
    assert everything(root) == before


def test_a_link_into_the_journal_is_seen_through(session: Session, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(root_of(session.journal))
    with pytest.raises(ShareError, match="outside"):
        written(session, tmp_path / "link" / "out")


def test_each_share_is_one_line_of_times_and_names(session: Session, tmp_path: Path) -> None:
    written(session, tmp_path / "out", BOTH, (40.5, 41.8), silence=((29.0, 30.0),))
    (line,) = session.journal.ledger.to_dict("records")
    assert (line["what"], line["session"], line["use"], line["who"]) == ("shared", DAY, USE, "Sam")
    assert line["note"] == "0:24.0-0:31.0 0:40.5-0:41.8; silent 0:29.0-0:30.0; voices: client"


@pytest.mark.parametrize("change", ["agreement", "mark", "turns", "closed"])
def test_what_changed_since_it_was_looked_at_is_not_written(
    session: Session, tmp_path: Path, change: str
) -> None:
    agree(session.journal)
    made = plan(session, "Sam", [BOTH])
    if change == "agreement":
        take_back(session.journal, "therapist", USE)
    elif change == "mark":
        session.add_mark(Mark(28.5, 29.5, "trigger"))
    elif change == "closed":
        take_back(session.journal, "therapist")
    else:
        session.journal.store.write(session.file("corrections.csv"), b"start,end,speaker\n24,25,other\n")
    before = everything(tmp_path)
    with pytest.raises((ShareError, ConsentError, NotAnalysedError)):
        write(session, made, tmp_path / "out", CAUTIONS)
    assert everything(tmp_path) == before


def test_what_is_taken_back_while_the_clip_is_made_is_not_written(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    agree(session.journal)
    made, read = plan(session, "Sam", [BOTH]), Recording.read

    def meanwhile(self: Recording, *args: Any, **more: Any) -> Any:
        sound = read(self, *args, **more)
        take_back(session.journal, "therapist", USE)
        return sound

    monkeypatch.setattr(Recording, "read", meanwhile)
    with pytest.raises(ShareError, match="changed"):
        write(session, made, tmp_path / "out", CAUTIONS)
    assert not (tmp_path / "out").exists()
    assert session.journal.ledger.empty


def test_where_the_ledger_cannot_be_written_nothing_goes_out(
    session: Session, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise JournalError("The disk is full.")

    monkeypatch.setattr(ledger, "record", full)
    with pytest.raises(JournalError):
        written(session, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_recording_that_cannot_be_read_leaves_no_line(session: Session, tmp_path: Path) -> None:
    made = plan(session, "Sam", [BOTH])
    name, store = session.recording_file(), session.journal.store
    stamp = root_of(session.journal) / name
    times = stamp.stat()
    store.write(name, b"x" * times.st_size)
    os.utime(stamp, ns=(times.st_atime_ns, times.st_mtime_ns))  # damaged without a trace
    with pytest.raises(RecordingError):
        write(session, made, tmp_path / "out", CAUTIONS)
    assert session.journal.ledger.empty


def shares(at: Path) -> None:
    """One share, as a program that may be killed does it."""
    session = open_journal(at / "practice").session(DAY)
    write(session, plan(session, "Sam", [(28.4, 29.0)]), at / "out", CAUTIONS)


@pytest.mark.slow
def test_a_share_that_is_killed_leaves_no_half_file_and_none_without_its_line(
    heard: Journal, tmp_path: Path
) -> None:
    def nothing(_: Path) -> None: ...

    root, now, step = root_of(heard), tmp_path / "now", 0
    whole = sound_of_one(root, tmp_path)
    with Killer("tests.sharing.test_clip") as kill:
        ended = False
        while not ended:
            step += 1
            shutil.copytree(root, now / "practice")
            ended = kill.run(Act(nothing, shares, nothing, nothing), now, step=step)
            found = list((now / "out").glob("clip-*"))
            lines = open_journal(now / "practice").ledger["what"].tolist()
            assert all(file.read_bytes() == whole for file in found)
            assert len(found) <= len(lines)
            shares(now)  # and again, which clears what was left
            assert all(path.read_bytes() == whole for path in (now / "out").iterdir())
            shutil.rmtree(now)
    assert step > 8


def sound_of_one(root: Path, tmp_path: Path) -> bytes:
    shutil.copytree(root, tmp_path / "once" / "practice")
    shares(tmp_path / "once")
    return (tmp_path / "once" / "out" / "clip-1.m4a").read_bytes()


def test_from_a_sealed_journal_too(sealed: Journal, tmp_path: Path) -> None:
    session = sealed.session(DAY)
    analyse(session)
    (file,) = written(session, tmp_path / "out", (28.4, 29.4))
    assert len(decoded(file)) == pytest.approx(RATE, abs=2048)
    assert sealed.ledger["what"].tolist() == ["shared"]


# Words


def test_what_would_go_out_is_said_exactly(session: Session, snapshot: SnapshotAssertion) -> None:
    lines = in_words(plan(session, "Sam", [BOTH], [(29.0, 30.0)]), {"therapist": "Daniel"})
    assert lines == snapshot


def test_the_ledger_has_no_words_of_the_notes(session: Session) -> None:
    session.add_mark(Mark(28.5, 29.5, "name", "Grandmother", "her house"))
    assert "Grand" not in in_the_ledger(plan(session, "Sam", [BOTH]))


# The command


def run(journal: Journal, *more: str, answer: str = "") -> Any:
    return CliRunner().invoke(app, ["share", DAY, *more, "-j", str(root_of(journal))], input=answer)


ASKED = ("--with", "Sam", "--clip", "0:24-0:31", "--silence", "0:29-0:30")


def test_without_a_folder_it_only_says_what_would_go_out(heard: Journal) -> None:
    before = everything(root_of(heard))
    said = run(heard, *ASKED)
    assert said.exit_code == 0
    told = in_words(plan(heard.session(DAY), "Sam", [BOTH], [(29.0, 30.0)]), {"therapist": heard.therapist})
    assert said.output.startswith("\n".join(told))
    assert "Nothing was written" in said.output
    assert everything(root_of(heard)) == before


@pytest.mark.parametrize("answer", ["", "\n", "n\n"])
def test_whoever_does_not_confirm_the_cautions_writes_nothing(
    heard: Journal, tmp_path: Path, answer: str
) -> None:
    said = run(heard, *ASKED, "--to", str(tmp_path / "out"), answer=answer)
    assert said.exit_code == 1
    assert all(text in said.output for text in CAUTIONS.values())
    assert not (tmp_path / "out").exists()
    assert heard.ledger.empty


def test_whoever_confirms_them_has_the_clips(heard: Journal, tmp_path: Path) -> None:
    said = run(heard, *ASKED, "--to", str(tmp_path / "out"), answer="y\n")
    assert said.exit_code == 0, said.output
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["clip-1.m4a"]


@pytest.mark.parametrize("yes", ["y", "all", "hurt,panic", ",".join(list(CAUTIONS)[:-1])])
def test_a_script_has_to_name_every_caution_as_read(heard: Journal, tmp_path: Path, yes: str) -> None:
    said = run(heard, *ASKED, "--to", str(tmp_path / "out"), "--yes", yes)
    assert isinstance(said.exception, ShareError)
    assert "for-good" in str(said.exception)
    assert not (tmp_path / "out").exists()
    assert run(heard, *ASKED, "--to", str(tmp_path / "out"), "--yes", ", ".join(CAUTIONS)).exit_code == 0


def test_marked_moments_can_be_named_by_their_kind(heard: Journal) -> None:
    heard.session(DAY).add_mark(Mark(28.3, math.nan, "proud moment"))
    assert "0:28 to 0:48" in run(heard, "--with", "Sam", "--marked", "Proud moment").output
    assert isinstance(run(heard, "--with", "Sam", "--marked", "question").exception, ShareError)


def test_a_folder_in_the_journal_is_refused_before_the_cautions(heard: Journal) -> None:
    said = run(heard, *ASKED, "--to", str(root_of(heard) / "out"), answer="y\n")
    assert isinstance(said.exception, ShareError)
    assert CAUTIONS["hurt"] not in said.output
