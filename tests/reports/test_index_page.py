from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pandas as pd
import pytest

from tests.conftest import root_of
from tests.support.short_journals import DAYS
from therapy_review.hints import install_line
from therapy_review.journal.journal import Journal
from therapy_review.reports import runner
from therapy_review.reports.batch import Listed, Standing
from therapy_review.reports.index_page import index, picture
from therapy_review.reports.tables import as_csv, as_parquet, everything
from therapy_review.reports.workers import pool, templates
from therapy_review.reports.workers.orders import Made, Order
from therapy_review.turns.table import turns_table


def standings(journal: Journal) -> list[Standing]:
    states = ("ready", "changed", "waiting", "failed", "ready", "ready", "ready")
    return [
        Standing(
            session,
            state,  # type: ignore[arg-type]
            (Listed("r", f"r_{session.name}", ("html", "ipynb"), state),)
            if state in ("ready", "changed")
            else (),  # type: ignore[arg-type]
        )
        for session, state in zip(journal.sessions, states, strict=True)
    ]


def rows(page: str) -> list[str]:
    return re.findall(r"<tr><th scope=\"row\".*?</tr>", page, re.DOTALL)


def test_the_newest_session_stands_first_and_every_state_is_said(short: Journal) -> None:
    page = index("Sessions with B", standings(short), {"measures.csv": "every measure"})
    assert [
        row.count(f'data-value="{day}"') for row, day in zip(rows(page), reversed(DAYS), strict=True)
    ] == [1] * 7
    assert "7 sessions: 4 ready, 1 changed" in page
    assert 'href="r_2020-01-06.html"' in page


def test_a_table_read_aloud_says_what_it_is_and_each_row_its_day(short: Journal) -> None:
    page = index("It", standings(short), {})
    assert "<table>\n<caption>The sessions" in page
    heads = re.findall(r'<th scope="row"[^>]*><time datetime="([^"]*)">', page)
    assert heads == list(reversed(DAYS))


def test_a_figure_can_be_sorted_by_what_it_is(short: Journal) -> None:
    row = rows(index("It", standings(short), {}))[0]
    values = re.findall(r'data-value="([^"]*)"', row)
    measured = short.sessions[-1].measures.iloc[0]
    assert values[0] == DAYS[-1]
    assert float(values[3]) == round(float(measured["session_end"] - measured["session_start"]), 1)
    assert values[5] == f"{int(measured['long_silences'])}"


def test_what_is_closed_shows_no_figure_of_the_recording(short: Journal) -> None:
    lines = [Standing(s, "failed", (), "It stays closed.", measured="closed") for s in short.sessions]
    page = index("It", lines, {})
    assert "<svg" not in page
    assert not re.search(r"\d:\d\d</td>", page)
    assert "It stays closed." in page


@pytest.mark.parametrize(
    ("sentence", "shown"),
    [
        ("There is no such day.", "There is no such day. (cell 4)"),
        ("Cell 4 stopped with a ValueError.", "Cell 4 stopped with a ValueError."),
        ("It says: cell 42.", "It says: cell 42. (cell 4)"),
    ],
)
def test_the_cell_a_report_failed_in_is_said_once(short: Journal, sentence: str, shown: str) -> None:
    line = Standing(short.sessions[0], "failed", (), sentence, 4)
    assert f"<small>{shown}</small>" in index("It", [line], {})


def test_only_its_own_script_may_run_and_nothing_is_loaded(short: Journal) -> None:
    page = index("It", standings(short), {})
    assert page.count("<script>") == 1
    assert "default-src 'none'" in page
    assert re.search(r"script-src 'sha256-[A-Za-z0-9+/=]{44}'", page)
    assert "http" not in page.replace("http-equiv", "")


def test_names_are_shown_as_they_are_written(short: Journal) -> None:
    page = index("Sessions with <b>B</b>", [], {})
    assert "<h1>Sessions with &lt;b&gt;B&lt;/b&gt;</h1>" in page


def test_reports_of_every_template_are_listed_by_its_name_and_any_name_leads_there(short: Journal) -> None:
    two = (
        Listed("session_report", "session_report_1", ("html",)),
        Listed("a #2 100%", "a #2 100%_1", ("pdf",)),
    )
    page = index("It", [Standing(short.sessions[0], "ready", two)], {})
    assert 'href="session_report_1.html"' in page
    assert 'href="a%20%232%20100%25_1.pdf"' in page
    assert "session_report:</span>" in page
    assert "a #2 100%:</span>" in page
    one = index("It", [Standing(short.sessions[0], "ready", two[:1])], {})
    assert "session_report:" not in one


@pytest.mark.usefixtures("no_kernels")
def test_the_index_tells_what_there_is_whatever_was_asked_for_last(short: Journal, tmp_path: Path) -> None:
    mine = tmp_path / "mine.ipynb"
    mine.write_text(templates.find("session_report").source.replace("## Moments", "## What stood out"))
    runner.run(short)
    runner.run(short, short.sessions[:2], template=mine, parameters={"private_notes": "shown"})
    page = short.store.read("reports/index.html").decode()
    assert "7 sessions: 7 ready." in page
    assert page.count("session_report:</span>") == 7
    assert page.count("mine:</span>") == 2
    short.store.write(short.sessions[4].file("notes.md"), b"Another day.\n")
    runner.run(short, short.sessions[:1], template=mine)
    page = short.store.read("reports/index.html").decode()
    assert "7 sessions: 6 ready, 1 changed since." in page
    mine.write_text(mine.read_text().replace("## Notes", "## What you wrote"))
    runner.run(short, short.sessions[:1], template=mine)
    assert "7 sessions: 5 ready, 2 changed since." in short.store.read("reports/index.html").decode()


def test_a_small_picture_says_in_words_what_it_shows() -> None:
    drawn = picture(turns_table([(0, 60, "client"), (60, 120, "therapist")]))
    assert 'aria-label="Of the talking: you 50%, therapist 50%"' in drawn
    assert 'd="M0 4.5h60"' in drawn
    assert 'd="M60 13.5h60"' in drawn
    assert picture(turns_table([])) == ""


def test_the_table_of_everything_holds_figures_and_no_sentence(short: Journal) -> None:
    table = everything(short, closed=[DAYS[1]])
    assert table["session"].tolist() == DAYS
    assert table["mood_before"].tolist() == [1, 2, 3, 4, 5, 6, 7]
    measured = table.drop(columns=["session", "date", "mood_before", "mood_after", "mood_change", "tags"])
    assert measured.iloc[1].isna().all()
    assert measured["long_silences"].notna().sum() == len(DAYS) - 1
    text = as_csv(table).decode()
    assert "river" not in text
    assert "garden" not in text
    assert "calm" in text
    assert "calm" not in as_csv(everything(short, private_notes="left out")).decode()


def test_parquet_holds_the_same_and_is_the_same_each_time(short: Journal, tmp_path: Path) -> None:
    table = everything(short)
    assert as_parquet(table) == as_parquet(table)
    (tmp_path / "it.parquet").write_bytes(as_parquet(table))
    assert (
        pd.read_parquet(tmp_path / "it.parquet")["long_silences"].tolist() == table["long_silences"].tolist()
    )


def test_without_pyarrow_one_sentence_says_how_to_get_parquet(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("therapy_review.reports.runner.find_spec", lambda _name: None)
    done = runner.run(short, short.sessions[:1])
    assert done.remarks[0].startswith("measures.parquet")
    assert install_line("parquet") in done.remarks[0]
    assert not (root_of(short) / "reports/measures.parquet").exists()
    assert "measures.parquet" not in (root_of(short) / "reports/index.html").read_text()


def test_why_a_report_can_not_be_made_stays_said_until_something_changes(
    short: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad, sentence = DAYS[1], "There is no such day."

    def failing(names: Sequence[str], write: Callable[[str], Order], *_: object) -> Iterator[Made]:
        for name in names:
            write(name)
            pages = {"ipynb": b"{}", "html": b"<p>It</p>"}
            yield Made(name, {}, sentence, 4) if name.endswith(bad) else Made(name, pages)

    def of_the_bad_one() -> str:
        return rows(short.store.read("reports/index.html").decode())[-2]

    monkeypatch.setattr(pool, "done", failing)
    runner.run(short)
    runner.run(short, short.sessions[:1])
    assert f"{sentence} (cell 4)<" in of_the_bad_one()
    assert f"{sentence} (cell 4)<" in short.store.read(f"reports/session_report_{bad}.failed.html").decode()
    assert f'href="session_report_{bad}.failed.html"' in of_the_bad_one()
    assert runner.run(short, short.sessions[1:2]).outcomes[0].state == "failed"  # tried again
    short.store.write(f"sessions/{bad}/notes.md", b"Mended.\n")
    runner.run(short, short.sessions[:1])
    assert "not made yet" in of_the_bad_one()
    bad = "none"
    runner.run(short)
    assert "7 ready" in short.store.read("reports/index.html").decode()
    assert not [name for name in short.store.files("reports") if "failed" in name]
    assert not [name for name in short.store.files("reports/made_from") if "failed" in name]
