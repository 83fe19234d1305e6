"""What Lab sees of a sealed journal: text as text, and what is no text in base64."""

from __future__ import annotations

import asyncio
import base64

import pytest
from tornado.web import HTTPError

from tests.conftest import root_of
from tests.support.meanwhile import after, before
from therapy_review import Journal, open_journal
from therapy_review.lab.managers import SealedContents
from therapy_review.storage.sealed import SealedStore

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"


@pytest.mark.parametrize(("name", "kind"), [("a.pdf", "application/pdf"), ("a.parquet", "parquet")])
def test_a_report_that_is_no_text_opens_in_lab(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch, name: str, kind: str
) -> None:
    sealed.store.write(f"reports/{name}", PDF)
    monkeypatch.chdir(root_of(sealed))
    contents = SealedContents()
    assert open_journal(root_of(sealed)).store.exists(f"reports/{name}")
    model = asyncio.run(contents.get(f"reports/{name}"))
    assert model["format"] == "base64"
    assert base64.b64decode(model["content"]) == PDF
    assert kind in model["mimetype"]


def test_a_page_is_not_renamed_over_one_that_has_just_come(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed.store.write("reports/old.html", b"old")
    monkeypatch.chdir(root_of(sealed))
    contents = SealedContents()
    before(monkeypatch, SealedStore, "writing", lambda: sealed.store.write("reports/new.html", b"another's"))
    with pytest.raises(HTTPError) as refused:
        asyncio.run(contents.rename_file("reports/old.html", "reports/new.html"))
    assert refused.value.status_code == 409
    assert sealed.store.read("reports/new.html") == b"another's"
    assert sealed.store.read("reports/old.html") == b"old"


def test_a_page_that_is_taken_away_while_they_are_listed_is_left_out(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("one.html", "other.html"):
        sealed.store.write(f"reports/{name}", b"")
    monkeypatch.chdir(root_of(sealed))
    contents = SealedContents()
    after(monkeypatch, SealedStore, "files", lambda: sealed.store.remove("reports/one.html"), of="reports")
    listed = asyncio.run(contents.get("reports"))["content"]
    assert [one["name"] for one in listed] == ["other.html"]


def test_a_page_that_is_taken_away_while_it_is_opened_is_not_there(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed.store.write("reports/one.html", b"")
    monkeypatch.chdir(root_of(sealed))
    contents = SealedContents()
    after(monkeypatch, SealedStore, "exists", lambda: sealed.store.remove("reports/one.html"))
    with pytest.raises(HTTPError) as refused:
        asyncio.run(contents.get("reports/one.html"))
    assert refused.value.status_code == 404
