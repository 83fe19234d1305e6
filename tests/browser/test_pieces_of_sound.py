"""What plays, by itself: pieces come late and out of turn, as on a busy computer."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

import therapy_review

pytestmark = pytest.mark.browser

SOURCE = Path(therapy_review.__file__).parent / "player" / "src" / "sound.js"

# A browser's parts for sound, whose clock and whose appends move only when a test says so.
PARTS = """
window.Audio = class extends EventTarget {
  currentTime = 0; playbackRate = 1; src = ""; paused = true;
  constructor() { super(); window.audio = this; }
  play() { this.paused = false; return Promise.resolve(); }
  pause() { this.paused = true; }
  removeAttribute() {} load() {}
};
const param = { value: 0, cancelScheduledValues() {}, setValueAtTime() {}, linearRampToValueAtTime() {},
  setTargetAtTime() {} };
window.AudioContext = class {
  currentTime = 0; destination = {};
  resume() {} close() {}
  createGain() { return { gain: param, connect: (to) => to }; }
  createMediaElementSource() { return { connect: (to) => to }; }
};
class Buffer extends EventTarget {
  updating = false; timestampOffset = 0; rows = [];
  get buffered() {
    const rows = this.rows;
    return { length: rows.length, start: (i) => rows[i][0], end: (i) => rows[i][1] };
  }
  appendBuffer(data) { this.updating = true; this.doing = () => data.length && this.rows.push(
    [this.timestampOffset, this.timestampOffset + data.length]); }
  remove() { this.updating = true; this.doing = () => { this.rows = []; }; }
  done() {
    if (!this.updating) return false;
    this.doing();
    this.updating = false;
    this.dispatchEvent(new Event("updateend"));
    return true;
  }
}
window.MediaSource = class extends EventTarget {
  readyState = "open";
  constructor() { super(); queueMicrotask(() => this.dispatchEvent(new Event("sourceopen"))); }
  addSourceBuffer() { return window.buffer = new Buffer(); }
};
URL.createObjectURL = () => ""; URL.revokeObjectURL = () => {};
window.settle = () => { while (window.buffer.done()); };
window.frame = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
"""

BEGIN = """async (source) => {
  const { Sound } = await import("data:text/javascript;base64," + btoa(unescape(encodeURIComponent(source))));
  window.asked = [];
  window.sound = new Sound((content) => { window.asked.push(content); return true; });
  window.closedAt = null;
  window.sound.addEventListener("closed", (event) => { window.closedAt = event.detail; });
  window.sound.open(new Uint8Array(0), 360);
  await Promise.resolve();
  window.settle();
  // What the kernel answers to the newest question: five seconds, without what is closed.
  window.answer = (...runs) => window.sound.heard(
    { ticket: window.asked.at(-1).ticket, at: runs.map(([start]) => start), until: runs.at(-1)[1] },
    runs.map(([start, end]) => new Uint8Array(end - start)));
}"""


@pytest.fixture
def page(chromium: Browser) -> Page:
    """An empty page that holds nothing but what plays."""
    page = chromium.new_page()
    page.evaluate(PARTS)
    page.evaluate(BEGIN, SOURCE.read_text(encoding="utf-8"))
    return page


def test_a_stretch_closed_while_its_sound_is_on_its_way_is_not_played_in_a_circle(page: Page) -> None:
    page.evaluate("""async () => {
      sound.play(25);
      answer([24, 28], [35, 36]); // the kernel knows of the mark already
      sound.closed = [[28, 35]];  // and then so does the page, while a piece goes into the buffer
      sound.forget();
      settle();
      answer([24, 28], [35, 36]);
      settle();
      audio.currentTime = 27.97;
      await frame();
    }""")
    assert page.evaluate("closedAt") == [28, 35]
    assert page.evaluate("sound.state") == "resting"


def test_what_may_be_heard_changes_on_the_way_to_another_place_and_it_goes_on_there(page: Page) -> None:
    page.evaluate("""() => {
      sound.play(100);
      answer([99, 105]);
      settle();
      sound.seek(25);
      sound.forget();
    }""")
    assert page.evaluate("sound.time") == 25
    assert page.evaluate("asked.at(-1).from") == pytest.approx(25, abs=0.1)


def test_what_was_on_its_way_at_a_jump_is_not_kept(page: Page) -> None:
    page.evaluate("""() => {
      sound.play(100);
      answer([99, 105]);
      sound.voice = "client"; // what goes into the buffer now is everybody's
      sound.seek(101);
      settle();
    }""")
    assert page.evaluate("buffer.rows") == []
