"""Of a sealed session whose sound is erased no copy opens any more, wherever it lies; the rest opens on."""

from __future__ import annotations

from pathlib import Path

import pytest
from pyrage import DecryptError, decrypt
from typer.testing import CliRunner

from tests.conftest import root_of
from therapy_review import Journal, open_journal
from therapy_review.cli import app
from therapy_review.errors import JournalError
from therapy_review.rights.erasure import (
    BY_THE_JOURNALS_KEY,
    PLAIN,
    RENEWED,
    erase_made_for,
    erase_session,
    erase_sound,
)
from therapy_review.storage.keys import Identity, session_identities
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.rekeying import renew
from therapy_review.storage.sealed import SealedStore

DAY = "2026-03-05"
FOLDER = f"sessions/{DAY}"


def store_of(journal: Journal) -> SealedStore:
    assert isinstance(journal.store, SealedStore)
    return journal.store


def keys_of(journal: Journal) -> list[Identity]:
    return session_identities(
        (root_of(journal) / FOLDER / "key.age").read_bytes(), store_of(journal).identity
    )


def test_a_copy_of_the_sealed_sound_opens_for_nobody_once_it_is_erased_here(sealed: Journal) -> None:
    root, notes = root_of(sealed), sealed.session(DAY).notes.text
    sealed.store.write(f"{FOLDER}/letters/to nobody.md", b"mine")
    (copy,) = (path.read_bytes() for path in (root / FOLDER).glob("recording.*.age"))
    old = keys_of(sealed)
    erased = erase_sound(sealed.session(DAY))
    assert "destroyed" in RENEWED
    assert RENEWED in erased.out_of_reach
    assert PLAIN not in erased.out_of_reach
    now = keys_of(sealed)
    assert len(now) == 1
    for identity in (now[0], store_of(sealed).identity):
        with pytest.raises(DecryptError):
            decrypt(copy, [identity])
    for path in (root / FOLDER).rglob("*.age"):
        with pytest.raises(DecryptError):
            decrypt(path.read_bytes(), old)
    for opened in (sealed, open_journal(root)):  # who had it open goes on, and who opens it anew
        assert opened.session(DAY).notes.text == notes
        assert opened.store.read(f"{FOLDER}/letters/to nobody.md") == b"mine"
        assert not opened.session(DAY).has_recording


def test_reports_and_voice_prints_are_said_to_be_sealed_with_a_key_that_stays(sealed: Journal) -> None:
    sealed.store.write(f"reports/session_report_{DAY}.html", b"{}")
    made = erase_made_for(sealed.session(DAY), "report")
    assert made.out_of_reach[-1] == BY_THE_JOURNALS_KEY
    assert RENEWED not in made.out_of_reach


def test_words_that_are_taken_back_go_with_their_key_and_the_sound_stays(sealed: Journal) -> None:
    sealed.store.write(f"{FOLDER}/transcript.vtt", b"WEBVTT\n")
    copy = (root_of(sealed) / FOLDER / "transcript.vtt.age").read_bytes()
    assert RENEWED in erase_made_for(sealed.session(DAY), "transcribe").out_of_reach
    assert sealed.session(DAY).recording("self_review").duration > 1
    with pytest.raises(DecryptError):
        decrypt(copy, keys_of(sealed))


def test_where_something_that_stays_cannot_be_opened_its_key_stays_and_nothing_is_erased(
    sealed: Journal,
) -> None:
    path = root_of(sealed) / FOLDER / "notes-kept-1.md.age"
    sealed.store.write(f"{FOLDER}/notes-kept-1.md", b"mine" * 100)
    path.write_bytes(path.read_bytes()[:-5])
    before = {each: each.read_bytes() for each in (root_of(sealed) / FOLDER).rglob("*.age")}
    with pytest.raises(
        JournalError, match=r"Nothing was erased.*practice/sessions/.*notes-kept-1\.md\.age\. Put"
    ):
        erase_sound(sealed.session(DAY))
    assert {each: each.read_bytes() for each in (root_of(sealed) / FOLDER).rglob("*.age")} == before
    assert not len(sealed.ledger)
    path.unlink()
    erase_sound(sealed.session(DAY))
    assert not sealed.session(DAY).has_recording


def test_a_disk_that_is_full_in_between_leaves_all_readable_and_it_can_be_run_again(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed.store.write(f"{FOLDER}/marks.csv", b"start,end,kind,label,text\n")
    written, write = [], PlainStore.write

    def is_full(self: PlainStore, name: str, data: bytes) -> None:
        written.append(name)
        if len([each for each in written if each.startswith(FOLDER)]) > 2:
            raise JournalError("The disk is full.")
        write(self, name, data)

    before = {name: sealed.store.read(f"{FOLDER}/{name}") for name in sealed.store.files(FOLDER)}
    with monkeypatch.context() as disk:
        disk.setattr(PlainStore, "write", is_full)
        with pytest.raises(JournalError, match="full"):
            erase_sound(sealed.session(DAY))
    assert len(keys_of(sealed)) == 2
    assert before == {name: sealed.store.read(f"{FOLDER}/{name}") for name in before}
    erase_sound(sealed.session(DAY))
    assert len(keys_of(sealed)) == 1
    assert sealed.store.read(f"{FOLDER}/marks.csv") == before["marks.csv"]


def test_what_is_written_while_the_key_is_exchanged_opens_afterwards(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, other = store_of(sealed), store_of(open_journal(root_of(sealed)))
    write, renewed = PlainStore.write, []

    def comes_between(self: PlainStore, name: str, data: bytes) -> None:
        if not renewed and self is other.plain:
            renewed.append(name)
            renew(store, FOLDER, [])
        write(self, name, data)

    monkeypatch.setattr(PlainStore, "write", comes_between)
    other.write(f"{FOLDER}/derived/turns.csv", b"found")
    assert renewed
    assert store.read(f"{FOLDER}/derived/turns.csv") == b"found"


@pytest.mark.parametrize("hides_dates", [False, True])
def test_plain_sound_that_was_put_into_a_sealed_session_by_hand_goes_too(
    tmp_path: Path, sealed: Journal, hides_dates: bool
) -> None:
    root = root_of(sealed)
    if hides_dates:
        from therapy_review.storage.sealing import finish_sealing

        finish_sealing(PlainStore(root), store_of(sealed).identity, hides_dates=True)
        sealed = open_journal(root)
    place = root / FOLDER
    place.mkdir(exist_ok=True)  # where days are hidden, a folder of its own beside the session's
    ours, on_disk = ("recording.wav", "memo.mp3", "transcript.vtt"), store_of(sealed).folder_on_disk(FOLDER)
    for name in ours:
        (place / name).write_bytes(b"said")
        (root / on_disk / name).write_bytes(b"said")
    (place / "letter.md").write_bytes(b"written")
    assert sealed.sessions
    assert len(sealed.store.folders("sessions")) == len({*sealed.store.folders("sessions")})
    command = ["erase", DAY, "--sound", "--confirm", "yes", "-j", str(root)]
    done = CliRunner().invoke(app, command, catch_exceptions=False)
    assert "/recording.wav\n" in done.output
    assert PLAIN in done.output
    assert RENEWED in done.output
    assert not [path for path in root.rglob("*") if path.name in ours]
    assert (place / "letter.md").read_bytes() == b"written"
    erased = erase_session(open_journal(root).session(DAY))
    assert PLAIN in erased.out_of_reach
    assert erased.removed[-1].endswith(on_disk)  # the folder by its name, not that of a file
    assert not place.exists()
    assert not (root / on_disk).exists()


def test_the_guided_erasure_after_a_revocation_destroys_the_key(sealed: Journal) -> None:
    root = root_of(sealed)
    copies = {path: path.read_bytes() for path in root.glob("sessions/*/recording.*.age")}
    words = ["--who", "therapist", "--use", "everything", "--erase", "all", "--confirm", "yes"]
    done = CliRunner().invoke(app, ["consent", "revoke", *words, "-j", str(root)], catch_exceptions=False)
    assert done.output.count(RENEWED) >= len(copies) > 3
    for path, copy in copies.items():
        keys = session_identities((path.parent / "key.age").read_bytes(), store_of(sealed).identity)
        with pytest.raises(DecryptError):
            decrypt(copy, keys)
