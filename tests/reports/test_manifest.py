"""What a report rests on, how little is opened to see it, and that one cut short counts as not made."""

from __future__ import annotations

import datetime as dt
import os
from dataclasses import replace
from itertools import pairwise

import pytest

from tests.conftest import root_of
from therapy_review import Journal, open_journal
from therapy_review.consent import agreements_file
from therapy_review.reports import manifest, runner, writer
from therapy_review.reports.inputs import Basis
from therapy_review.reports.manifest import FILE, Entry, Whole
from therapy_review.reports.workers import templates
from therapy_review.storage import unlock
from therapy_review.storage.keys import NewKeys
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealed import SealedStore
from therapy_review.storage.sealing import seal
from therapy_review.trends import cache


def of_the_journal(journal: Journal) -> dict[str, object]:
    return Basis(open_journal(root_of(journal)), templates.find("how_far"), {}).of(None)


@pytest.mark.parametrize("file", ["days.csv", "letters.md", "moods.toml", "opened.toml", "together.csv"])
def test_a_page_of_the_whole_journal_rests_on_every_file_of_the_clients(journal: Journal, file: str) -> None:
    before = of_the_journal(journal)
    assert of_the_journal(journal) == before
    journal.store.write(file, b"x")
    assert of_the_journal(journal) != before


def test_it_does_not_rest_on_the_ledger_which_every_report_adds_to(journal: Journal) -> None:
    before = of_the_journal(journal)
    journal.store.write("ledger.csv", b"when,what,session,use,who,note\n")
    assert of_the_journal(journal) == before


def test_an_agreement_that_comes_to_its_end_makes_the_page_anew(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = journal.today()
    journal.keep_agreements(
        lambda data: agreements_file.append(
            data, "Sam", ["report"], given_from=today, name="Sam", until=today + dt.timedelta(days=40)
        )
    )
    before = of_the_journal(journal)
    monkeypatch.setattr(Journal, "today", lambda _self: today + dt.timedelta(days=35))
    assert of_the_journal(journal) != before


def test_a_report_whose_keeping_is_cut_short_counts_as_not_made(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = journal.store
    entry = Entry("one", "2026-03-05", "session_report", {"a": 1}, {})
    writer.keep(store, entry, {"ipynb": b"{}", "html": b"plain", "pdf": b"p"})
    kept = manifest.read_one(store, "one")
    assert kept
    assert kept.fits({"a": 1}, ("ipynb", "html"), Whole(store))

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(manifest, "write", killed)
    with pytest.raises(KeyboardInterrupt):
        writer.keep(
            store,
            Entry("one", "2026-03-05", "session_report", {"a": 2}, {}),
            {"ipynb": b"{}", "html": b"own"},
        )
    # What lies there may be what was asked for now, not what the entry before spoke of.
    assert manifest.read_one(store, "one") is None
    assert not store.exists("reports/one.pdf")


def test_what_a_client_wrote_into_a_notebook_is_kept_also_where_its_entry_is_lost(journal: Journal) -> None:
    store, entry = journal.store, Entry("one", "2026-03-05", "session_report", {}, {})
    writer.keep(store, entry, {"ipynb": b"{}"})
    store.write("reports/one.ipynb", b'{"mine": 1}')
    manifest.remove(store, "one")
    writer.keep(store, entry, {"ipynb": b"{}"})
    assert store.read("reports/one-kept-1.ipynb") == b'{"mine": 1}'


@pytest.mark.usefixtures("no_kernels")
def test_where_nothing_changed_no_session_is_opened_and_the_ledger_stays(
    short: Journal, keys: NewKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    seal(PlainStore(root_of(short)), keys)
    unlock.keep(keys.identity)
    monkeypatch.setattr(cache, "SETTLED", 0.0)
    journal = open_journal(root_of(short))
    assert runner.run(journal).number("made") == len(journal.sessions)
    assert len(journal.ledger) == len(journal.sessions)
    runner.run(open_journal(root_of(short)))
    opened, read = list[str](), SealedStore.read

    def watched(store: SealedStore, name: str) -> bytes:
        opened.append(name)
        return read(store, name)

    with monkeypatch.context() as patched:
        patched.setattr(SealedStore, "read", watched)
        done = runner.run(open_journal(root_of(short)))
    assert done.number("current") == len(journal.sessions)
    assert [name for name in opened if name.startswith("sessions/")] == []
    assert len(journal.ledger) == len(journal.sessions)
    journal.store.write(f"{journal.sessions[2].folder}/notes.md", b"Changed.\n")
    assert runner.run(open_journal(root_of(short))).number("made") == 1


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.usefixtures("no_kernels")
def test_a_report_that_was_cut_short_or_emptied_is_made_again(
    short: Journal, keys: NewKeys, monkeypatch: pytest.MonkeyPatch, *, is_sealed: bool
) -> None:
    monkeypatch.setattr("therapy_review.reports.manifest.SETTLED", 0.0)
    if is_sealed:
        seal(PlainStore(root_of(short)), keys)
        unlock.keep(keys.identity)
        short = open_journal(root_of(short))
    store, of = short.store, [f"reports/session_report_{session.name}" for session in short.sessions]
    runner.run(short)
    assert runner.run(short).number("current") == len(of)
    assert store.exists(FILE)
    store.write(f"{of[0]}.html", b"")
    store.write(f"{of[1]}.html", store.read(f"{of[1]}.html")[:-2])
    store.write(f"{of[2]}.ipynb", b"")
    store.write(f"{of[3]}.ipynb", b'{"cells": [], "mine": 1}')
    if is_sealed:
        damaged = runner.place(short, f"{of[4]}.html")
        damaged.write_bytes(damaged.read_bytes()[:60])
    runner.run(short, short.sessions[-1:])
    page = store.read("reports/index.html").decode()
    assert f"{3 + is_sealed} changed since" in page
    assert runner.run(short).number("made") == 3 + is_sealed
    assert b"mine" in store.read(f"{of[3]}.ipynb")  # what the client wrote in stays
    assert not store.exists(f"{of[2]}-kept-1.ipynb")
    store.write("reports/measures.csv", b"")
    assert runner.run(short).number("current") == len(of)
    assert store.read("reports/measures.csv")


@pytest.mark.usefixtures("no_kernels")
def test_a_file_that_only_looks_changed_is_compared_by_its_content(short: Journal) -> None:
    runner.run(short)
    for path in (root_of(short) / "reports").glob("*.html"):
        os.utime(path, (1, 1))
    assert runner.run(short).number("current") == len(short.sessions)


# Words of the days before


def of_the_days(journal: Journal, private_notes: str) -> dict[str, object]:
    parameters = {"private_notes": private_notes}
    fresh = open_journal(root_of(journal))
    return Basis(fresh, templates.find("session_report"), parameters).of(fresh.sessions[3])


@pytest.mark.parametrize(("private_notes", "is_anew"), [("shown", True), ("left out", False)])
def test_what_was_noted_in_the_week_before_makes_a_report_with_private_notes_anew(
    short: Journal, private_notes: str, is_anew: bool
) -> None:
    before, after = (short.sessions[3].date + dt.timedelta(days=n) for n in (-2, 2))
    found = [of_the_days(short, private_notes)]
    for rows in (f"{before},3,\n", f"{before},8,rainy\n", f"{before},8,rainy\n{after},2,\n"):
        short.store.write("days.csv", f"date,mood,tags\n{rows}".encode())
        found.append(of_the_days(short, private_notes))
    assert [now != then for then, now in pairwise(found)] == [is_anew, is_anew, False]


def test_a_report_rests_on_the_session_before_it_where_it_shows_its_words_or_the_template_may_look(
    short: Journal,
) -> None:
    one = short.sessions[3]
    shipped = templates.find("session_report")
    own = replace(shipped, source=shipped.source.replace('"itself"', '"session"'))
    near = [
        len(Basis(short, template, {"private_notes": shown}).of(one)["sessions"])
        for template in (shipped, own)
        for shown in ("left out", "shown")
    ]
    assert near == [1, 2, 2, 2]
