"""What Lab sees of a sealed journal: text as text, and what is no text in base64."""

from __future__ import annotations

import asyncio
import base64

import pytest
from conftest import root_of

from therapy_review import Journal, open_journal
from therapy_review.contents import SealedContents

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
