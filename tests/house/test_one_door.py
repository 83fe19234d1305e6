"""One door: `Session.recording` is the only way to sound, and `Session.require` what everything made of it asks.

The first half walks the package's source: whoever opens media elsewhere is found. The second half tries every door
with every use in every state of the agreements.
"""

from __future__ import annotations

import ast
import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any, Literal

import numpy as np
import pytest

from tests.conftest import ROOT, root_of
from therapy_review import Journal, Session, analyse
from therapy_review.analysis import enrolment, similar
from therapy_review.analysis.review import Listening
from therapy_review.commands.check import check
from therapy_review.consent import agreements_file
from therapy_review.consent.agreement import ONE_PARTY, USES
from therapy_review.display import parts as page_parts
from therapy_review.display.still import STILL, Still
from therapy_review.errors import ConsentError, JournalError, ShareError, TherapyReviewError
from therapy_review.journal.marks import Mark
from therapy_review.pages import overview_view, session as pages
from therapy_review.pages.joint import USE as TOGETHER_USE, Together
from therapy_review.pages.over_time import HowFar
from therapy_review.pages.overview_view import Place
from therapy_review.pages.visibility import FIGURES, SOUND, Opened
from therapy_review.player import Moment, Player, playback
from therapy_review.player.desk import Desk
from therapy_review.player.feed import Feed
from therapy_review.reports.workers import bundles
from therapy_review.rights.erasure import erase_sound
from therapy_review.sharing import export, plan
from therapy_review.sharing.cautions import CAUTIONS
from therapy_review.sharing.clip import Clip
from therapy_review.sound.recording import Recording
from therapy_review.storage.plain import PlainStore
from therapy_review.storage.sealed import SealedStore
from therapy_review.trends.kinds_of_silence import by_session, long_silences_of
from therapy_review.trends.table import trends

PACKAGE = ROOT / "therapy_review"

# What can turn a file into sound, or play it. `torch` alone can't.
OPENS_SOUND = {
    "aifc", "audioread", "av", "ffmpeg", "miniaudio", "moviepy", "pedalboard", "pyaudio", "pydub", "pysoundfile",
    "pyogg", "sndhdr", "sounddevice", "soundfile", "soundcard", "sox", "sunau", "torchaudio", "torchcodec", "wave",
    "scipy.io", "librosa.core.audio", "pyannote.audio.core.io", "imageio", "imageio_ffmpeg",
    "IPython.display.Audio", "IPython.display.Video", "IPython.lib.display", "ipywidgets.Audio", "ipywidgets.Video",
}  # fmt: skip
# Parts of libraries that are used for other things.
OPENING_CALLS = {"load", "stream", "get_duration", "get_samplerate"}  # of librosa
# Through which a player or converter could be started.
SPAWNS = {
    "subprocess", "pty", "os.system", "os.popen", "os.startfile", "os.posix_spawn", "os.posix_spawnp",
    "asyncio.subprocess", "asyncio.create_subprocess_exec", "asyncio.create_subprocess_shell",
    *(f"os.exec{way}" for way in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
    *(f"os.spawn{way}" for way in ("l", "le", "lp", "lpe", "v", "ve", "vp", "vpe")),
}  # fmt: skip

ALLOWED = {
    ("sound/recording.py", "av"): "the one room in which bytes become sound",
    ("sound/opus.py", "av"): "encodes samples into packets; what it opens to write lies in memory",
    ("sound/aac.py", "av"): "encodes samples into a file that lies in memory",
}
MAKES_RECORDINGS = {
    "journal/session.py": "the door itself, and a digest of the bytes, which are not decoded for it",
    "analysis/adding.py": "a file that is not in the journal yet: its length and its channels are looked at",
}
OPENS_FILES = {
    "journal/session.py": "the bytes of the recording, behind the door",
    "analysis/adding.py": "a file that is not in the journal yet",
    "storage/plain.py": "every byte of the journal",
    "sound/recording.py": "what the door gave it, once or again and again",
    "sound/opus.py": "an encoder, and memory to write into",
    "sound/aac.py": "memory to write into",
    "charts/base.py": "a picture it has just drawn",
    "diarization/loading.py": "the models that come with the package",
    "storage/archive.py": "an archive, whose files it puts in or takes out as they are",
    "reports/workers/bundles.py": "an empty file that stands in for a recording",
    "reports/workers/kernel_fork.py": "where output goes that nobody reads",
    "pages/overview_view.py": "no file: it opens a session below the chart, whose recording asks at the door",
}
READS_RECORDINGS = {
    "reports/workers/bundles.py": "what goes to a cluster, once `report` was asked for and is in the ledger",
}
# `Path.read_bytes`, past every store.
READS_FILES = {
    "storage/plain.py": "every byte of the journal",
    "commands/moods.py": "what another program exported of moods, which is no file of the journal",
    "turns/exchange.py": "turns of another program, which are no file of the journal",
    "diarization/loading.py": "the models that come with the package",
    "fonts/family.py": "the fonts that come with the package",
    "reports/manifest.py": "the package's own source, to know whether it changed",
}
STARTS_PROGRAMS = {"reports/workers/kernels.py": "kernels that run notebooks", "lab/server.py": "JupyterLab"}


RECORDING_FILE = re.compile(r"(^|/)recording\.")


def modules() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def imports(tree: ast.AST) -> Iterator[str]:
    """Every module a piece of source imports, by statement or by its name in a call."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Call) and called(node) in ("import_module", "__import__"):
            yield from (part.value for part in node.args if isinstance(part, ast.Constant))


def aliases(tree: ast.AST) -> dict[str, str]:
    """What every imported name stands for, as `R` for `therapy_review.sound.recording.Recording`."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.partition(".")[0]
                found[alias.asname or first] = alias.name if alias.asname else first
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                found[alias.asname or alias.name] = f"{node.module or ''}.{alias.name}"
    return found


def full_name(node: ast.AST, known: dict[str, str]) -> str:
    """The whole name of `os.path.join` or of what was imported as `join`; empty where it begins with no import."""
    if isinstance(node, ast.Name):
        return known.get(node.id, "")
    if isinstance(node, ast.Attribute) and (before := full_name(node.value, known)):
        return f"{before}.{node.attr}"
    return ""


def called(node: ast.Call) -> str:
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def is_part(name: str, of: str) -> bool:
    return f"{name}.".startswith(f"{of}.")


def other_doors(source: str, name: str) -> list[str]:
    """Everything in a piece of source that could lead to sound without asking."""
    tree = ast.parse(source)
    known = aliases(tree)
    used = {full_name(node, known) for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    found = [
        f"{how} {opener}"
        for how, modules in (("imports", {*imports(tree)}), ("uses", used))
        for module in modules
        for opener in OPENS_SOUND | SPAWNS
        if is_part(module, opener) and (name, opener) not in ALLOWED
        if opener not in SPAWNS or name not in STARTS_PROGRAMS
    ]
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        whole = full_name(node.func, known) or called(node)
        last = whole.rpartition(".")[2]
        if last == "Recording" and name not in MAKES_RECORDINGS:
            found.append("makes a Recording")
        if is_part(whole, "librosa") and last in OPENING_CALLS:
            found.append("lets librosa open a file")
        if last in ("open", "open_code", "memmap", "fromfile") and name not in OPENS_FILES:
            found.append("opens a file")
        if last == "read_bytes" and name not in READS_FILES:
            found.append("reads a file's bytes")
    found += [
        "reads the recording's bytes"
        for scope in scopes(tree)
        if reads_a_recording(scope) and name not in READS_RECORDINGS
    ]
    return found


def scopes(tree: ast.Module) -> Iterator[list[ast.AST]]:
    """What stands in every function, and what stands in none."""
    functions = [node for node in ast.walk(tree) if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))]
    inside = set[ast.AST]()
    for function in functions:
        own = list(ast.walk(function))
        inside.update(own)
        yield own
    yield [node for node in ast.walk(tree) if node not in inside]


def reads_a_recording(scope: list[ast.AST]) -> bool:
    """Whether a file is read by what names the recording: `recording_file`, a word for it, `recording.m4a`."""
    words = {"recording_file"}
    for node in scope:
        if isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
                pairs = [(target, node.value)]
                if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                    pairs = list(zip(target.elts, node.value.elts, strict=True))
                for to, value in pairs:
                    if mentions(value, words):
                        words.update(part.id for part in ast.walk(to) if isinstance(part, ast.Name))
    reading = [
        node
        for node in scope
        if isinstance(node, ast.Call) and called(node) in ("read", "open", "read_bytes", "read_text")
    ]
    return any(mentions(part, words) for node in reading for part in (node.func, *node.args))


def mentions(node: ast.AST, words: set[str]) -> bool:
    return any(
        getattr(part, "attr", getattr(part, "id", None)) in words
        or (isinstance(part, ast.Constant) and RECORDING_FILE.search(str(part.value)) is not None)
        for part in ast.walk(node)
    )


@pytest.mark.parametrize("module", modules(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_module_opens_sound_but_through_the_one_door(module: Path) -> None:
    assert other_doors(module.read_text(), str(module.relative_to(PACKAGE).as_posix())) == []


@pytest.mark.parametrize(
    ("source", "door"),
    [
        ("import av", "imports av"),
        ("def f():\n    from av.audio import stream", "imports av"),
        ("import soundfile as sf", "imports soundfile"),
        ("from scipy.io import wavfile", "imports scipy.io"),
        ("from scipy import io", "imports scipy.io"),
        ("import importlib\nimportlib.import_module('wave')", "imports wave"),
        ("__import__('audioread')", "imports audioread"),
        ("import librosa\nlibrosa.load('x')", "lets librosa open a file"),
        ("from therapy_review.sound.recording import Recording\nRecording(f, 'x')", "makes a Recording"),
        ("from therapy_review import recording\nrecording.Recording(f, 'x')", "makes a Recording"),
        ("session.journal.store.open(session.recording_file())", "opens a file"),
        ("session.journal.store.read(session.recording_file())", "reads the recording's bytes"),
        ("open('x')", "opens a file"),
        ("import subprocess", "imports subprocess"),
        ("from pathlib import Path\nPath('x').read_bytes()", "reads a file's bytes"),
        ("store.read(session.file('recording.m4a'))", "reads the recording's bytes"),
        ("store.read(f'{session.folder}/recording.wav')", "reads the recording's bytes"),
        ("name = session.recording_file()\nstore.read(name)", "reads the recording's bytes"),
        (
            "def f():\n    a, b = 1, session.recording_file()\n    store.read(b)",
            "reads the recording's bytes",
        ),
        ("if name := session.recording_file():\n    store.read(name)", "reads the recording's bytes"),
        ("from librosa import load\nload('x')", "lets librosa open a file"),
        ("import librosa as r\nr.stream('x')", "lets librosa open a file"),
        ("from therapy_review.sound.recording import Recording as R\nR(f, 'x')", "makes a Recording"),
        ("from os import fdopen, open as o\no('x', 0)", "opens a file"),
        ("import IPython\nIPython.display.Audio('x')", "uses IPython.display.Audio"),
        ("from IPython.display import Audio as A\nA('x')", "imports IPython.display.Audio"),
        ("from IPython import display\ndisplay.Audio('x')", "uses IPython.display.Audio"),
        ("import os\nos.execvp('ffplay', ['ffplay'])", "uses os.execvp"),
        ("import os as o\no.system('ffplay x')", "uses os.system"),
        ("from os import posix_spawn\nposix_spawn('ffplay', [], {})", "imports os.posix_spawn"),
        ("import asyncio\nasyncio.create_subprocess_exec('ffplay')", "uses asyncio.create_subprocess_exec"),
    ],
)
def test_another_door_would_be_found(source: str, door: str) -> None:
    assert door in other_doors(source, "pages/session.py")


@pytest.mark.parametrize(("name", "opener"), ALLOWED)
def test_what_is_allowed_is_needed(name: str, opener: str) -> None:
    assert opener in imports(ast.parse((PACKAGE / name).read_text()))


@pytest.mark.parametrize("name", MAKES_RECORDINGS)
def test_who_makes_recordings_is_who_is_said_to(name: str) -> None:
    calls = [node for node in ast.walk(ast.parse((PACKAGE / name).read_text())) if isinstance(node, ast.Call)]
    assert "Recording" in map(called, calls)


@pytest.mark.parametrize("name", READS_FILES)
def test_who_reads_files_past_every_store_is_who_is_said_to(name: str) -> None:
    calls = [node for node in ast.walk(ast.parse((PACKAGE / name).read_text())) if isinstance(node, ast.Call)]
    assert "read_bytes" in map(called, calls)


# Every door, in every state, for every use.

DAY = "2026-03-05"
STATES: dict[str, tuple[str, ...]] = {
    # The uses it may be opened for where both were asked for one; "all" stands for every use that was agreed to.
    "agreed": ("all",),
    "none": (),
    "only the client": (),
    "only the therapist": (),
    "expired": (),
    "future": (),
    "revoked by the client": (),
    "revoked by the therapist": (),
    "another use": (),
    "one party": ("self_review",),
    "one party, place unsure": (),
    "one party, against a no": (),
    "unreadable": (),
}


def agreements(state: str, use: str, today: dt.date) -> bytes:
    """The file as it stands in a state, with one use agreed to."""
    begun, ended = today - dt.timedelta(days=90), today - dt.timedelta(days=1)
    given = {"given_from": begun, "name": "x"}
    data = b""
    if state == "unreadable":
        return b"[[agreement"
    if state.startswith("one party"):
        data = agreements_file.append(data, "client", ["self_review"], basis=ONE_PARTY, **given)  # type: ignore[arg-type]
        if state.endswith("no"):
            data = agreements_file.append(data, "therapist", ["self_review"], **given)  # type: ignore[arg-type]
            data = agreements_file.take_back(data, "therapist", on=today)
        return data
    if state == "expired":
        given["until"] = ended
    if state == "future":
        given["given_from"] = today + dt.timedelta(days=1)
    if state == "another use":
        use = "report" if use == "self_review" else "self_review"
    for who in ("client", "therapist"):
        if state not in ("none", f"only the {'therapist' if who == 'client' else 'client'}"):
            data = agreements_file.append(data, who, [use], **given)  # type: ignore[arg-type]
    if state.startswith("revoked"):
        data = agreements_file.take_back(data, state.rpartition(" ")[2], use, on=today)
    return data


def in_state(journal: Journal, state: str, use: str) -> Journal:
    """The journal with its agreements in a state; nothing else of it is changed."""
    journal.store.write("agreements.toml", agreements(state, use, journal.today()))
    place = "US-CA" if state.endswith("unsure") else "US-TX"
    return Journal(journal.store, {**journal.settings, "place": place, "therapist_place": place})


def opens(state: str, use: str) -> bool:
    return STATES[state] == ("all",) or use in STATES[state]


@pytest.mark.parametrize("use", [*USES, "share:Sam"])
@pytest.mark.parametrize("state", STATES)
def test_recording_transcript_and_analysis_open_for_what_was_agreed_to_and_for_nothing_else(
    heard: Journal, state: str, use: str
) -> None:
    heard.store.write(f"sessions/{DAY}/transcript.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n")
    session = in_state(heard, state, use).session(DAY)
    doors: list[Callable[[], Any]] = [
        lambda: session.recording(use).read(0, 0.1),
        lambda: analyse(session, use=use),
        lambda: session.require(use),
    ]
    for door in doors:
        if opens(state, use):
            door()
        else:
            with pytest.raises(JournalError if state == "unreadable" else ConsentError):
                door()
    assert ("opened" in set(heard.ledger["what"])) == (opens(state, use) and use != "self_review")


@pytest.mark.parametrize("state", STATES)
def test_a_transcript_opens_where_it_may_be_written_down_and_read(heard: Journal, state: str) -> None:
    heard.store.write(f"sessions/{DAY}/transcript.vtt", b"WEBVTT\n\n00:01.000 --> 00:02.000\nHello.\n")
    session = in_state(heard, state, "transcribe").session(DAY)
    if opens(state, "transcribe"):
        assert session.transcript("transcribe")["text"].tolist() == ["Hello."]
    else:
        with pytest.raises(JournalError if state == "unreadable" else ConsentError):
            session.transcript("transcribe")
    # To be read again is one thing, to have been written down at all another: both were agreed to, or not.
    alone = in_state(heard, state, "self_review").session(DAY)
    with pytest.raises(JournalError if state == "unreadable" else ConsentError):
        alone.transcript()


def sound_prepare(session: Session) -> None:
    playback.prepare(session)


def sound_pieces(session: Session) -> None:
    playback.Sound(session).packets(0, 5)


def feed_pieces(session: Session) -> None:
    Feed(session).pieces(0.0)


def moment(session: Session) -> None:
    asked(Moment(session, 10.0, 14.0), {"kind": "sound", "from": 10.0, "ticket": 1})


def moment_opened(session: Session) -> None:
    asked(Moment(session, 10.0, 14.0), {"kind": "open"})


def desk_open(session: Session) -> None:
    answered(Desk(session), {"kind": "open"})


def desk_sound(session: Session) -> None:
    answered(Desk(session), {"kind": "sound", "from": 3.0})


def desk_relabel(session: Session) -> None:
    turn = session.turns.iloc[2]
    change = {"start": turn["start"], "end": turn["end"], "speaker": "other", "was": turn["speaker"]}
    answered(Desk(session), {"kind": "relabel", **change})


def player_still(session: Session) -> None:
    said(Player(session).still())


def embedding(session: Session) -> None:
    similar.hearing(session)(np.array([[10.0, 12.0]]))


def two_minutes(session: Session) -> None:
    listening = Listening(session)
    step = listening.begin()
    if step.kind == "question":
        listening.answer("client")


def looked_over(session: Session) -> None:
    closed = ("is opened", f"The recording of {session.name} stays closed")
    found = [sentence for sentence in check(session.journal) if any(part in sentence for part in closed)]
    if found:
        raise ConsentError(found[0])


def turns_to_a_file(session: Session) -> None:
    from typer.testing import CliRunner

    from therapy_review.cli import app

    root = root_of(session.journal)
    asked = CliRunner().invoke(
        app, ["turns", "export", session.name, f"{root.parent / 'out.rttm'}", "-j", f"{root}"]
    )
    assert (root.parent / "out.rttm").exists() == (asked.exit_code == 0)
    if asked.exception:
        raise asked.exception


def looked_at_to_be_shared(session: Session) -> None:
    plan.plan(session, "Sam", [(10.0, 12.0)])


def heard_to_be_shared(session: Session) -> None:
    made = plan.Plan(session.name, "Sam", ("client",), (Clip(10.0, 12.0),), ((10.0, 12.0),), ())
    export.sound_of(session, made, made.clips[0])


def shared(session: Session) -> None:
    made = plan.plan(session, "Sam", [(10.0, 12.0)])
    export.write(session, made, root_of(session.journal).parent / "out", CAUTIONS)


SHARING = [looked_at_to_be_shared, heard_to_be_shared, shared]
DOORS = [
    turns_to_a_file, sound_prepare, sound_pieces, feed_pieces, moment, moment_opened, desk_open, desk_sound,
    desk_relabel,
    player_still, embedding, two_minutes, looked_over,
]  # fmt: skip
PARTS = ("who_is_who", "session_map", "player", "talk_balance", "pauses_and_gaps", "moments", "silences")


def asked(widget: Moment, message: dict[str, Any]) -> None:
    sent: list[dict[str, Any]] = []
    widget.send = lambda content, buffers=None: sent.append(content)  # type: ignore[method-assign]
    widget._answer(widget, message, [])
    if sent[0]["kind"] == "sorry":
        raise ConsentError(sent[0]["sentence"])


def answered(desk: Desk, message: dict[str, Any]) -> None:
    answer = desk.answer(message)
    assert answer
    if answer[0]["kind"] == "sorry":
        raise ConsentError(answer[0]["sentence"])


def said(shown: Any) -> None:
    """Raise what a part of a page shows in place of what it would have shown."""
    shown = shown._draw() if isinstance(shown, page_parts.Live) else shown
    shown = shown.still() if isinstance(shown, Player) else shown
    text = shown.text if isinstance(shown, Still) else ""
    if "stays closed" in text or "is opened" in text:
        raise ConsentError(text)


@pytest.fixture(scope="module")
def prepared_once(tmp_path_factory: pytest.TempPathFactory, heard_once: Path) -> bytes:
    """The sound of a session as it is kept once it was prepared."""
    from shutil import copytree

    from therapy_review import open_journal

    journal = open_journal(copytree(heard_once, tmp_path_factory.mktemp("ready") / "practice"))
    playback.prepare(journal.session(DAY))
    return journal.store.read(f"sessions/{DAY}/{playback.FILE}")


@pytest.mark.parametrize("door", DOORS, ids=lambda door: door.__name__)
@pytest.mark.parametrize("state", STATES)
def test_what_plays_the_sound_opens_for_the_clients_own_listening_alone(
    heard: Journal, prepared_once: bytes, state: str, door: Callable[[Session], None]
) -> None:
    heard.store.write(
        f"sessions/{DAY}/{playback.FILE}", prepared_once
    )  # what is at hand already counts as well
    session = in_state(heard, state, "self_review").session(DAY)
    write_settings(session.journal)
    before = held(heard)
    if opens(state, "self_review"):
        door(session)
    else:
        with pytest.raises(TherapyReviewError, match=r"stays closed|is opened"):
            door(session)
        assert held(heard) == before  # nothing was made of it, and nothing was kept


# Looked at by two: what each shows where it opens.


def talking_together(page: Together) -> bool:
    return "part of the" in page._asked("talk").text


def silences_together(page: Together) -> bool:
    return "no agreement" not in page._asked("silences").markup


def map_together(page: Together) -> bool:
    return "Map of" in page._told(page.session)


def player_together(page: Together) -> bool:
    answered(Desk(page.session, page._listeners(page.session)), {"kind": "open"})
    return True


def sound_together(page: Together) -> bool:
    return len(Feed(page.session, use=page._listeners(page.session).use).pieces(0.0)[1]) > 0


def moment_together(page: Together) -> bool:
    player = Player(page.session, page._listeners(page.session))
    asked(player.moment(10.0, 14.0, "why"), {"kind": "sound", "from": 10.0, "ticket": 1})
    return True


TOGETHER = [
    talking_together, silences_together, map_together, player_together, sound_together, moment_together,
]  # fmt: skip


def granted(state: str, use: str) -> set[str]:
    """The uses that are open in a state in which one was asked for."""
    if state == "another use":
        return {"report" if use == "self_review" else "self_review"}
    return {one for one in (use, "self_review") if opens(state, one) and (one == use or state == "one party")}


# A page is drawn for each: the states that differ most in the fast tests, every one in the slow.
DRAWN = [
    pytest.param(
        state, marks=[] if state in ("agreed", "one party", "revoked by the therapist") else pytest.mark.slow
    )
    for state in STATES
]


@pytest.mark.parametrize("state", DRAWN)
def test_what_two_look_at_opens_where_that_was_agreed_to_and_for_no_other_use(
    heard: Journal, state: str
) -> None:
    for use in (TOGETHER_USE, "self_review"):
        journal = in_state(heard, state, use)
        page = Together(journal, journal.session(DAY))
        page.opened = Opened(sessions={DAY: frozenset({FIGURES, SOUND})})
        opened = {}
        for door in TOGETHER:
            try:
                opened[door.__name__] = door(page)
            except TherapyReviewError:
                opened[door.__name__] = False
        assert opened == dict.fromkeys(opened, TOGETHER_USE in granted(state, use))
        assert "mood" in page._asked("mood").text  # which rests on no sound, and is there in any state


@pytest.mark.parametrize("state", STATES)
def test_figures_across_sessions_are_there_for_what_was_agreed_to_alone(heard: Journal, state: str) -> None:
    measures = ["client_talk_share", "long_silences", "mood_after"]
    assert trends(heard, measures)["value"].notna().any()  # what is remembered of it is asked about as well
    for use in [*USES, "share:Sam"]:
        journal = in_state(heard, state, use)
        for wanted in USES:
            table = trends(journal, measures, use=wanted)
            known = set(table.loc[(table["session"] == DAY) & table["value"].notna(), "measure"])
            figures = {"talk_share", "long_silences"} if wanted in granted(state, use) else set()
            assert known == {"mood_after"} | figures, (use, wanted)


@pytest.mark.parametrize("state", STATES)
def test_silences_across_sessions_are_counted_for_what_was_agreed_to_alone(
    heard: Journal, state: str
) -> None:
    def is_known(journal: Journal, use: str) -> bool:
        table = by_session(journal, use)
        return bool(table.loc[table["session"] == DAY, "n"].notna().any())

    assert is_known(heard, "self_review")  # what is remembered of it is asked about as well
    for use in [*USES, "share:Sam"]:
        journal = in_state(heard, state, use)
        session = journal.session(DAY)
        for wanted in USES:
            opens_for_it = wanted in granted(state, use)
            assert is_known(journal, wanted) == opens_for_it, (use, wanted)
            if opens_for_it:
                assert len(long_silences_of(session, wanted))
            else:
                with pytest.raises(JournalError if state == "unreadable" else ConsentError):
                    long_silences_of(session, wanted)


@pytest.mark.parametrize("state", ["agreed", "revoked by the therapist"])
def test_what_lies_behind_a_value_or_a_star_of_the_path_is_looked_up_in_open_sessions_alone(
    heard: Journal, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    heard.session(DAY).add_mark(Mark(12.0, 15.0, "proud moment"))
    table = HowFar(heard)._usual
    row = table[(table["session"] == DAY) & (table["measure"] == "long_silences")].iloc[0]
    seen, place = HowFar(heard)._way, Place(in_state(heard, state, "self_review"))
    found: list[str] = []
    monkeypatch.setattr(Place, "open_moments", lambda *_: found.append("moments"))
    monkeypatch.setattr(Place, "open_without_sound", lambda *_: found.append("notes"))
    overview_view._open(seen, place, "proud", DAY)
    clicked = overview_view.usual_view(table, place).children[0]
    clicked._choose(str(row["measure"]), DAY)
    assert found == ["moments" if state == "agreed" else "notes"] * 2


@pytest.mark.parametrize("state", STATES)
def test_a_bundle_leaves_the_journal_for_what_was_agreed_to_alone_and_never_without_its_line(
    heard: Journal, state: str
) -> None:
    purposes: tuple[Literal["listen", "report"], ...] = ("listen", "report")  # both are for a report
    for use, purpose in product(USES, purposes):
        journal = in_state(heard, state, use)
        journal.store.remove("ledger.csv")
        before = held(heard)
        if "report" in granted(state, use):
            bundle = bundles.pack(journal, DAY, purpose)
            has_sound = any(PurePosixPath(name).stem == "recording" for name in bundle.files)
            assert has_sound == (purpose == "listen")
            assert "exported" in set(journal.ledger["what"])
        else:
            with pytest.raises(JournalError if state == "unreadable" else ConsentError):
                bundles.pack(journal, DAY, purpose)
            assert held(heard) == before


@pytest.mark.parametrize("door", SHARING, ids=lambda door: door.__name__)
@pytest.mark.parametrize("state", STATES)
def test_nothing_is_shared_but_what_all_agreed_may_be_heard(
    heard: Journal, state: str, door: Callable[[Session], None]
) -> None:
    session = in_state(heard, state, "self_review").session(DAY)
    before, out = held(heard), root_of(heard).parent / "out"
    if state == "agreed":  # the client's word alone is enough to listen, and never to share
        # What was made by hand is not what the gate says would go out, also where it may be heard.
        with pytest.raises(ShareError) if door is heard_to_be_shared else nullcontext():
            door(session)
    else:
        with pytest.raises(TherapyReviewError, match=r"stays closed|is opened|word alone"):
            door(session)
        assert held(heard) == before
    assert out.exists() == (state == "agreed" and door is shared)


@pytest.mark.parametrize("state", [state for state in STATES if not state.startswith("one party")])
def test_a_voice_goes_out_where_its_owner_agreed_to_that_and_to_that_person(
    heard: Journal, state: str
) -> None:
    both = agreements("agreed", "self_review", heard.today())
    heard.store.write(
        "agreements.toml", both + agreements(state, "share:Sam", heard.today()).replace(b'"a', b'"s')
    )
    session = heard.session(DAY)
    if state == "unreadable":
        expected: Any = JournalError
    elif state in ("expired", "future", "revoked by the client"):
        expected = ConsentError  # the client once agreed in writing, and that is not in force
    else:
        expected = {"agreed": ("client", "therapist"), "only the therapist": ("client", "therapist")}.get(
            state, ("client",)
        )
    if isinstance(expected, type):
        with pytest.raises(expected):
            plan.voices(session, "Sam")
    else:
        assert plan.voices(session, "Sam") == expected
    if state != "unreadable":
        assert plan.voices(session, "Alex") == ("client",)  # what was agreed for Sam says nothing of Alex


@pytest.mark.parametrize("still", ["", "1"], ids=["opened by the client", "run as a report"])
@pytest.mark.parametrize("state", STATES)
def test_a_session_report_asks_for_reports_where_it_is_run_and_for_listening_where_the_client_opens_it(
    heard: Journal, monkeypatch: pytest.MonkeyPatch, state: str, still: str
) -> None:
    use = "report" if still else "self_review"
    if still:
        monkeypatch.setenv(STILL, still)
    settled = in_state(heard, state, use)
    write_settings(settled)
    page = pages.session_report(root_of(heard), DAY)
    for part in PARTS:
        # The player and its picture are for listening, whoever runs the page.
        listens = still and part == "player"
        if opens(state, use) and not listens:
            said(getattr(page, part)())
        else:
            with pytest.raises(ConsentError):
                said(getattr(page, part)())
    figures = "the first word" in page.held().markup
    assert figures == opens(state, use)
    assert (len(heard.ledger) == 1) == (bool(still) and opens(state, use))


def write_settings(journal: Journal) -> None:
    import tomlkit

    journal.store.write("journal.toml", tomlkit.dumps(dict(journal.settings)).encode())


@pytest.mark.parametrize("state", [state for state in STATES if not STATES[state]])
def test_nothing_is_opened_analysed_or_kept_where_somebody_has_not_agreed(
    journal: Journal, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    session = in_state(journal, state, "self_review").session(DAY)
    before = held(journal)

    def opened(_self: object, name: str) -> io.BytesIO:
        raise AssertionError(f"{name} was opened")

    monkeypatch.setattr(PlainStore, "open", opened)
    with pytest.raises(TherapyReviewError):
        analyse(session)
    for part in PARTS:
        getattr(pages.SessionPage(session), part)()
    assert held(journal) == before


@pytest.mark.parametrize("state", [state for state in STATES if not STATES[state]])
def test_no_voice_print_is_learnt_from_a_closed_session(heard: Journal, state: str) -> None:
    journal = in_state(heard, state, "self_review")
    if state != "unreadable":
        enrolment.agree(journal, "client")
        enrolment.learn(journal.session(DAY), journal.session(DAY).turns)
    else:
        with pytest.raises(JournalError):
            enrolment.learn(journal.session(DAY), journal.session(DAY).turns)
    assert journal.store.files("voices/client") == []


def test_what_is_taken_back_while_a_recording_is_being_heard_is_closed_at_its_next_piece(
    heard: Journal,
) -> None:
    recording, feed = heard.session(DAY).recording(), Feed(heard.session(DAY))
    recording.read(0, 1)
    feed.pieces(0.0)
    heard.keep_agreements(lambda data: agreements_file.take_back(data, "therapist", on=heard.today()))
    for door in (lambda: recording.read(1, 2), lambda: feed.pieces(5.0), lambda: recording.digest):
        with pytest.raises(ConsentError):
            door()


def test_a_sealed_recording_is_decrypted_once_and_closed_at_once(
    sealed: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    read = SealedStore.read
    monkeypatch.setattr(SealedStore, "read", lambda self, name: opened.append(name) or read(self, name))
    session = sealed.session(DAY)
    recording, name = session.recording(), session.recording_file()
    parts = [recording.read(start, start + 1) for start in (5, 9, 5)]
    assert opened.count(name) == 1
    assert np.array_equal(parts[0], parts[2])
    sealed.store.write(name, sealed.store.read("sessions/2026-02-26/recording.mp4"))  # another in its place
    assert not np.array_equal(recording.read(5, 6), parts[0])
    sealed.keep_agreements(lambda data: agreements_file.take_back(data, "therapist", on=sealed.today()))
    with pytest.raises(ConsentError):
        recording.read(0, 1)


def test_of_a_sealed_recording_that_was_erased_nothing_more_is_heard(sealed: Journal) -> None:
    recording = sealed.session(DAY).recording()
    recording.read(0, 1)
    erase_sound(sealed.session(DAY))
    with pytest.raises(JournalError):
        recording.read(0, 1)


def test_an_analysis_during_which_it_is_taken_back_leaves_nothing_behind(
    journal: Journal, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = Recording.read

    def meanwhile(self: Recording, *args: Any, **more: Any) -> Any:
        sound = read(self, *args, **more)
        journal.keep_agreements(lambda data: agreements_file.take_back(data, "therapist", on=journal.today()))
        return sound

    monkeypatch.setattr(Recording, "read", meanwhile)
    with pytest.raises(ConsentError):
        analyse(journal.session("2026-01-29"))
    assert journal.store.files("sessions/2026-01-29/derived") == []


def held(journal: Journal) -> dict[str, bytes]:
    """Every file of the journal but its lock."""
    root = root_of(journal)
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.name != ".lock"
    }
