// One player's link to its kernel, shared by all its views: what is known of the session, and what was said.

import { Sound, canPlay } from "./sound.js";

const NOT_RUNNING = "The notebook is not running. Choose Run ▸ Run All Cells, then press play again.";
const SLOW =
  "The notebook is busy; the sound comes as soon as it is free. If it was restarted, choose Run ▸ Run All Cells.";
const PRESS = "Press play once, so that the browser lets this page be heard.";
const CANT_PLAY =
  "This browser can't play the sound. Please open the notebook in a current Chrome, Edge, Firefox or Safari.";
const ANSWER_WITHIN = 3000; // milliseconds
const AGAIN = 5000;
const TOLD_EVERY = 500;

const same = (one, other) => JSON.stringify(one) === JSON.stringify(other);

// Events: "session", "marks", "note" (a sentence to read), "step", "locked", and those of its sound.
export class Client extends EventTarget {
  session = null;
  waveform = new Uint8Array();
  selected = null;
  views = 0;
  step = null;
  locked = false;
  said = "";
  stale = false; // charts in the notebook do not show yet what was put right
  #model;
  #changed = null; // a stretch put right by hand, until it was looked whether others sound like it
  #told = 0;
  #telling = 0;
  #sent = new Map(); // marks on their way to the file

  constructor(model) {
    super();
    this.#model = model;
    this.sound = new Sound((content) => this.ask(content));
    this.onMessage = (content, buffers) => this.#heard(content, buffers);
    model.on("msg:custom", this.onMessage);
    for (const kind of ["time", "state"]) this.sound.addEventListener(kind, () => this.#tell(kind));
    this.sound.addEventListener("state", () => this.#lookForAlike());
    this.sound.addEventListener("sorry", (event) => this.note({ slow: SLOW, press: PRESS }[event.detail]));
    this.lastSign = Date.now();
    this.#idle = setInterval(() => this.#restWhenIdle(), 5000);
    if (canPlay()) this.ask({ kind: "open" });
    else queueMicrotask(() => this.note(CANT_PLAY));
  }

  #idle;

  ask(content) {
    try {
      this.#model.send(content);
      return true;
    } catch {
      this.note(NOT_RUNNING);
      return false;
    }
  }

  // What is said before there is a view is read as soon as one is.
  note(sentence) {
    this.said = sentence ?? "";
    this.dispatchEvent(new CustomEvent("note", { detail: this.said }));
  }

  select(turn) {
    this.selected = turn;
    const [start, end] = turn ?? [];
    const value = turn ? { start, end, speaker: this.session.people[turn[3]].role } : {};
    this.#set("selected_turn", value);
    this.dispatchEvent(new Event("select"));
  }

  lock() {
    this.sound.silence();
    this.ask({ kind: "lock" });
    this.#locked(true);
  }

  unlock() {
    this.lastSign = Date.now();
    this.ask({ kind: "unlock" });
  }

  // Keep a mark; the same mark sent again is kept once, so that it can be sent until it is on disk.
  keep(mark, before = null) {
    const line = this.#sent.get(mark.id) ?? { saved: before, busy: false };
    line.wanted = { ...mark };
    this.#sent.set(mark.id, line);
    this.#send(mark.id);
  }

  #send(id) {
    const line = this.#sent.get(id);
    if (!line || line.busy || same(line.wanted, line.saved)) return;
    const { id: _, ...mark } = line.wanted;
    const { id: __, ...before } = line.saved ?? line.wanted;
    line.busy = true;
    line.sending = line.wanted;
    this.ask({ kind: "mark", mark, before });
    line.timer = setTimeout(() => {
      line.busy = false;
      this.note("Not saved yet: the notebook does not answer. Your words stay here, and are saved as soon as it does.");
      setTimeout(() => this.#send(id), AGAIN);
    }, ANSWER_WITHIN);
  }

  #kept(mark) {
    for (const [id, line] of this.#sent) {
      const { id: _, ...sending } = line.sending ?? {};
      if (!line.busy || !same(sending, mark)) continue;
      clearTimeout(line.timer);
      line.busy = false;
      line.saved = line.sending;
      this.note("Saved.");
      this.#send(id);
    }
  }

  #heard(content, buffers) {
    const act = {
      session: () => {
        if (buffers.length) {
          this.waveform = new Uint8Array(buffers[1].buffer, buffers[1].byteOffset, buffers[1].byteLength);
          this.sound.open(buffers[0], content.duration);
        } else {
          this.stale = true;
        }
        this.session = { ...this.session, ...content };
        this.sound.closed = content.closed;
        this.selected = null;
        if (content.step) this.step = content.step;
        if (content.sentence) this.note(content.sentence);
        this.dispatchEvent(new Event("session"));
        if (content.step) this.dispatchEvent(new Event("step"));
        this.#changed = content.changed ?? null;
        this.#lookForAlike();
      },
      step: () => { this.step = content.step; this.dispatchEvent(new Event("step")); },
      marks: () => {
        Object.assign(this.session, { marks: content.marks });
        const before = JSON.stringify(this.sound.closed);
        this.sound.closed = content.closed;
        if (before !== JSON.stringify(content.closed)) this.sound.forget();
        if (content.kept) this.#kept(content.kept);
        this.dispatchEvent(new Event("marks"));
      },
      sound: () => this.sound.heard(content, buffers),
      sorry: () => {
        if (content.of === "sound") this.sound.refused(content);
        this.note(content.sentence);
      },
      locked: () => { this.sound.silence(); this.#locked(true); },
      unlocked: () => { this.#locked(false); if (!this.session) this.ask({ kind: "open" }); },
      preparing: () => this.dispatchEvent(new CustomEvent("preparing", { detail: content.done })),
      refreshed: () => {
        this.stale = false;
        this.note("The charts show it now.");
        this.dispatchEvent(new Event("session"));
      },
      play: () => this.sound.play(content.time),
      stop: () => this.sound.stop(),
    }[content.kind];
    act?.();
  }

  // Listening takes the kernel a moment, so it waits until nothing plays.
  #lookForAlike() {
    if (!this.#changed || this.sound.state !== "resting") return;
    const [start, end] = this.#changed;
    this.#changed = null;
    this.ask({ kind: "alike", start, end });
  }

  #locked(locked) {
    this.locked = locked;
    this.dispatchEvent(new Event("locked"));
  }

  // Every message makes the kernel busy for a moment, so the time is told twice a second at most.
  #tell(kind) {
    this.dispatchEvent(new Event(kind));
    const now = Date.now();
    this.lastSign = now;
    if (kind === "time" && this.sound.state === "playing" && !this.#model.get("is_followed")) return;
    const wait = kind === "time" ? this.#told + TOLD_EVERY - now : 0;
    clearTimeout(this.#telling);
    if (wait > 0) {
      this.#telling = setTimeout(() => this.#tellNow(), wait);
      return;
    }
    this.#tellNow();
  }

  #tellNow() {
    this.#told = Date.now();
    this.#set("time", Math.round(this.sound.time * 1000) / 1000, "playing", this.sound.state !== "resting");
  }

  #set(...pairs) {
    for (let i = 0; i < pairs.length; i += 2) this.#model.set(pairs[i], pairs[i + 1]);
    try {
      this.#model.save_changes();
    } catch {
      // A kernel that is gone is told of where something is wanted of it.
    }
  }

  #restWhenIdle() {
    const minutes = this.session?.lock_after;
    const idle = Date.now() - this.lastSign > minutes * 60_000;
    if (minutes && idle && !this.locked && this.sound.state === "resting") this.lock();
  }

  close() {
    clearInterval(this.#idle);
    clearTimeout(this.#telling);
    this.sound.close();
    this.#model.off("msg:custom", this.onMessage);
  }
}
