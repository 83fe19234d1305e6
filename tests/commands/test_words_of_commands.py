"""What every command says, word for word: a better wording changes the snapshot alone."""

from __future__ import annotations

import datetime as dt
import re
import shutil
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from syrupy.assertion import SnapshotAssertion
from typer.testing import CliRunner

from tests.conftest import PRACTICE, WORDS
from tests.importing.test_calendar import WEEKLY, calendar
from tests.importing.test_daylio import damaged
from tests.support.words import fixed
from therapy_review import Journal, create_journal
from therapy_review.cli import app
from therapy_review.commands import terminal
from therapy_review.errors import TherapyReviewError
from therapy_review.lab import server
from therapy_review.storage import unlock

DAY = "2026-03-05"
CODE = re.compile(r"(?:[2-9A-Z]{5}-){5}[2-9A-Z]{5}")
VARIES = re.compile(  # with the engine, the file and Python
    r"(?<=  )\d:\d\d:\d\d$|\d+\.\d(?= seconds| are silent)|\b[0-9a-f]{8}\b|(?<=can't be read )\(.*\)",
    re.MULTILINE,
)
VOICE = PRACTICE / "sessions/2026-01-29/recording.opus"
Step = tuple[str, str]  # what is typed as a command, and what is answered


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder the commands are given in, on the day a week after the newest session."""
    monkeypatch.setattr(Journal, "today", lambda _: dt.date(2026, 3, 12))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")  # not the developer's own
    monkeypatch.delenv(unlock.FILE, raising=False)
    monkeypatch.setattr(server, "start", lambda *_: None)  # JupyterLab would take this program's place
    monkeypatch.setenv("COLUMNS", "120")
    for size in ("_width", "_height"):
        monkeypatch.setattr(terminal.say, size, 120)  # whatever the terminal has
    monkeypatch.chdir(tmp_path)
    return tmp_path


def said(here: Path, *steps: str | Step) -> dict[str, list[str]]:
    """Give what is said to commands that are given one after the other; what was said before is left out."""
    found, before = dict[str, list[str]](), set[str]()
    for number, step in enumerate(steps):
        line, typed = (step, "") if isinstance(step, str) else step
        unlock.forget()
        done = CliRunner().invoke(app, line.split(" "), input=typed)
        shown = done.output
        if isinstance(done.exception, TherapyReviewError):
            shown += f"\n{type(done.exception).__name__}: {done.exception}"
        elif done.exception and not isinstance(done.exception, SystemExit):
            raise done.exception
        shown = VARIES.sub("#", CODE.sub("CODE", fixed(shown, here)))
        lines = [one.rstrip() for one in shown.splitlines() if one.strip()]
        found[f"{number + 1:02} {line}"] = [one for one in lines if one not in before]
        before |= set(lines)
    return found


def of_help(command: Any) -> list[str]:
    """Give what the help says, without how wide a terminal is."""
    lines = [" ".join(part.split()) for part in (command.help or "").split("\n\n")]
    for option in command.params:
        text, prompt = getattr(option, "help", None) or "", getattr(option, "prompt", None) or ""
        names = " ".join(sorted([*option.opts, *option.secondary_opts]))
        lines.append(f"{names}: {text} {prompt and f'({prompt}?)'}".strip())
    return lines


def commands(group: Any, name: str) -> dict[str, Any]:
    if not isinstance(group, click.Group) and not hasattr(group, "commands"):
        return {name: group}
    found = {name: group}
    for word, command in group.commands.items():
        found |= commands(command, f"{name} {word}".strip())
    return found


def test_every_help(snapshot: SnapshotAssertion) -> None:
    assert {name: of_help(one) for name, one in commands(typer.main.get_command(app), "").items()} == snapshot


def test_to_begin(here: Path, snapshot: SnapshotAssertion) -> None:
    shutil.copy(VOICE, here / "voice.opus")
    (here / "text.m4a").write_text("no sound")
    (here / "full").mkdir()
    (here / "full/x").touch()
    on = "-j mine --date"
    assert snapshot == said(
        here,
        ("init mine", "Robin\nDaniel\n"),
        "init mine --name Robin --therapist Daniel",
        "init full --name Robin --therapist Daniel",
        "init mine/more --name Robin --therapist Daniel",
        "init new --name Robin --therapist Daniel --seal",
        "init new --name Robin --therapist Daniel --place XX",
        "init new --name Robin --therapist Daniel --time-zone London",
        "check -j nowhere",
        "check -j mine",
        "review -j mine",
        "analyse -j mine",
        "lab -j mine",
        f"add nothing.m4a {on} 2026-03-04",
        f"add text.m4a {on} 2026-03-04",
        f"add voice.opus {on} soon",
        f"add voice.opus {on} 2999-01-01",
        f"add voice.opus {on} 2026-03-04",
        f"add voice.opus {on} 2026-03-05",
        "analyse -j mine",
        "check -j mine",
    )


def test_to_check(here: Path, journal: Journal, snapshot: SnapshotAssertion) -> None:
    well = said(here, "check -j practice")
    for name, data in {
        "sessions/5 March/notes.md": b"",
        "sessions/2026-01-08/notes.md": b"---\nmood_before: 11\n---\n",
        "sessions/2026-01-15/notes.md": b"---\ntags: [a\n---\nText.\n",
        "sessions/2026-01-15/corrections.csv": b"x\n",
        "sessions/2026-02-12/Voice 3.m4a": b"x",
        "sessions/2026-02-12/marks.csv": b"x\n",
        "sessions/2026-02-12/notes-kept-1.md": b"x",
        "sessions/2026-02-19/recording.wav": b"x",
        "sessions/2026-02-26/recording.m4a": b"not sound",
        "sessions/2026-03-05/recording.m4a": b"",
        "days.csv": b"x\n",
    }.items():
        journal.store.write(name, data)
    (harmed,) = said(here, "check -j practice").values()
    journal.store.write("agreements.toml", b"[[")
    (worse,) = said(here, "check -j practice").values()
    worse = [line for line in worse if line not in harmed]
    assert {"well": well, "harmed": harmed, "and no agreements": worse} == snapshot


def test_to_agree(here: Path, snapshot: SnapshotAssertion) -> None:
    create_journal("mine", client="Robin", therapist="Daniel")
    add, revoke = "consent add -j mine --until= --how", "consent revoke -j mine"
    asked = said(
        here,
        "consent show -j mine",
        f"{add} written --who client --to fun",
        f"{add} sung --who client --to record",
        f"{add} spoken --who client --to record --spoken-in 2031-01-01",
        "consent add -j mine --who client --to record --how written --until soon",
        "consent add -j mine --one-party",
        f"{add} written --who client --to self_review",
        f"{add} written --who client --to record",
        f"{add} written --who therapist --to self_review --since 2999-01-01",
        ("consent add -j mine", "both\n\n\n2999-01-01\n"),
        f"{add} written --who Sam --to share:Kim",
        "consent show -j mine",
        f"{revoke} --who Kim --use everything",
        f"{revoke} --who client --use share:Kim",
        (f"{revoke}", "therapist\nreport\n\n\n"),
        "consent show -j mine",
        f"{revoke} --who therapist --use everything --erase none --keep=",
        "consent show -j mine",
        "consent draft page.html -j mine",
        "consent draft page.html -j mine",
        "consent draft page.txt -j mine",
    )
    assert asked == snapshot


def test_to_agree_alone(here: Path, snapshot: SnapshotAssertion) -> None:
    journal = create_journal("mine", client="Robin", therapist="Daniel")
    settings = journal.store.read("journal.toml")
    for name in ("place", "therapist_place"):
        settings = settings.replace(f'\n{name} = ""'.encode(), b"")
    journal.store.write("journal.toml", b'place = "US-TX"\ntherapist_place = "US-TX"\n' + settings)
    assert snapshot == said(
        here,
        ("consent add -j mine --one-party", "\n"),
        ("consent add -j mine --one-party", "yes\n\n"),
        "consent show -j mine",
        "consent add -j mine --who therapist --to record --how written --until=",
        "consent add -j mine --one-party",
        "consent show -j mine",
    )


def test_to_take_back_and_to_erase(here: Path, journal: Journal, snapshot: SnapshotAssertion) -> None:
    at = "-j practice"
    assert snapshot == said(
        here,
        f"consent show {at}",
        (f"consent revoke {at}", f"client\nrecord\n{DAY}\nno\nI want to hear it once more\n"),
        f"consent revoke {at} --who therapist --use everything --erase 2026-02-12",
        (f"consent revoke {at} --who therapist --use everything", f"{DAY}, 2026-02-26\nyes\n\n"),
        f"consent show {at}",
        (f"erase 2026-01-08 {at}", "\n"),
        (f"erase 2026-01-08 {at}", "yes\n"),
        f"erase 2026-01-08 {at}",
        f"erase 2026-01-15 --sound --confirm yes {at}",
        f"erase 2026-01-15 --sound --confirm yes {at}",
        f"erase {at}",
        f"erase 2026-01-15 --all {at}",
        f"erase --all --sound {at}",
        f"erase reports {at}",
        (f"erase --all {at}", "yes\n"),
        (f"erase --all {at}", "practice\n"),
    )


def test_to_bring_in(here: Path, journal: Journal, snapshot: SnapshotAssertion) -> None:
    (here / "x.csv").write_bytes(damaged()[0])
    (here / "c.ics").write_bytes(calendar(f"{WEEKLY}COUNT=3"))
    (here / "other.csv").write_text("day,mood\n2026-03-04,fine\n")
    (here / "rate.csv").write_text(
        "day,rate,weather\n2026-03-04,5,rain\n2026-03-05,1,sun\n2026-03-06,4,sun\n"
    )
    (here / "empty.csv").touch()
    bring, rate = "moods import -j practice", "--column date=day --column mood=rate"
    assert snapshot == said(
        here,
        "moods list -j practice",
        f"{bring} nowhere.csv",
        f"{bring} empty.csv",
        f"{bring} other.csv",
        f"{bring} other.csv --column date=day",
        f"{bring} other.csv --column day",
        f"{bring} other.csv --column weather=day",
        f"{bring} other.csv --column date=day --column mood=mood --column low=x",
        (f"{bring} x.csv --dry-run", "5\n77\neight\n8\n\n"),
        (f"{bring} x.csv", "5\n8\n\n"),
        f"{bring} x.csv --map happy=10",
        f"{bring} x.csv --map awful=20",
        f"{bring} x.csv --map awful=low",
        f"{bring} x.csv",
        (f"{bring} rate.csv {rate} --dry-run", "\n5\n"),
        (f"{bring} rate.csv {rate}", "\n\n1\n5\n"),
        f"{bring} c.ics --dry-run --containing therapy",
        (f"{bring} c.ics", "therapy\n"),
        "moods list -j practice",
        "moods remove -j practice other.csv",
        "moods remove -j practice x.csv",
        "moods remove -j practice c.ics",
    )


def test_to_bring_turns_in_and_out(here: Path, journal: Journal, snapshot: SnapshotAssertion) -> None:
    (here / "one.csv").write_text("start,end,speaker\n1,2,client\n3,4,therapist\n")
    (here / "late.csv").write_text("start,end,speaker\n1,9000,client\n")
    (here / "bad.csv").write_text("a,b\n")
    at = "-j practice"
    assert snapshot == said(
        here,
        f"turns export {DAY} out.rttm {at}",
        f"turns import {DAY} nothing.csv {at}",
        f"turns import {DAY} bad.csv {at}",
        f"turns import {DAY} late.csv --found-by hand {at}",
        f"turns import 2031-01-01 one.csv --found-by hand {at}",
        f"turns import {DAY} one.csv --found-by hand {at}",
        f"turns import 2026-02-12 one.csv --found-by hand {at}",
        f"turns forget {DAY} {at}",
        f"turns forget {DAY} {at}",
    )


def test_to_share(here: Path, heard: Journal, snapshot: SnapshotAssertion) -> None:
    clip = f"share {DAY} -j practice --clip 0:24-0:31"
    assert snapshot == said(
        here,
        "share 2031-01-01 -j practice --clip 0:24-0:31 --with Sam",
        f"share {DAY} -j practice --clip 1:00 --with Sam",
        f"share {DAY} -j practice --clip 0:10-9:00 --with Sam",
        f"share {DAY} -j practice --marked trigger --with Sam",
        clip,
        f"{clip} --with Sam",
        f"{clip} --with Sam --silence 0:25-0:26",
        f"{clip} --with Sam --silence 2:00-2:10",
        f"{clip} --with Sam --to practice/clips",
        (f"{clip} --with Sam --to clips", "n\n"),
        (f"{clip} --with Sam --to clips", "y\n" * 9),
        f"{clip} --with Sam --to clips --yes none",
    )


def test_to_know_voices(here: Path, heard: Journal, snapshot: SnapshotAssertion) -> None:
    at = "-j practice"
    assert snapshot == said(
        here,
        f"voice show {at}",
        (f"voice remember --whose client {at}", "n\n"),
        (f"voice remember --whose client {at}", "y\n"),
        (f"voice remember --whose therapist {at}", "n\n"),
        f"voice show {at}",
        f"voice forget --whose client {at}",
        f"voice forget --whose client {at}",
    )


def test_to_seal(
    here: Path, journal: Journal, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion
) -> None:
    file = here / "passphrase"
    file.touch(0o600)
    file.write_text(WORDS)
    at = "-j practice"
    first = said(here, f"seal {at}", f"unseal {at}", f"rekey {at}", f"backup plain.tar {at}")
    monkeypatch.setenv(unlock.FILE, str(file))
    second = said(
        here,
        f"seal {at}",
        f"seal {at}",
        f"seal --hide-dates {at}",
        f"seal --show-dates {at}",
        f"rekey {at}",
        f"backup copy.tar {at}",
        f"backup copy.tar {at}",
        f"backup practice/copy.tar {at}",
        "restore copy.tar back",
        "restore copy.tar back",
        "restore passphrase other",
        "check -j back",
        f"protect {at}",
        "protect -j back/sessions",
        (f"unseal {at}", "n\n"),
        f"unseal --yes {at}",
        f"unseal --yes {at}",
    )
    file.write_text("another one")
    third = said(here, "check -j back")
    monkeypatch.delenv(unlock.FILE)
    fourth = said(here, "check -j back")
    assert {"nobody to ask": first, "from a file": second, "another's": third, "locked": fourth} == snapshot


def test_to_report_what_is_not_there(here: Path, journal: Journal, snapshot: SnapshotAssertion) -> None:
    at = "-j practice"
    assert snapshot == said(
        here,
        f"report {at}",
        f"report --all {DAY} {at}",
        f"report --since soon {at}",
        f"report 2019-01-01 {at}",
        f"report --all -p depth {at}",
        f"report --all --template nothing {at}",
        f"report --all --template weekly_review {at}",
        f"together --session 2019-01-01 {at}",
        f"review --week March {at}",
    )
