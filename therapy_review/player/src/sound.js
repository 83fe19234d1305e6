// What plays. Pieces come from the kernel when they are asked for, stay in memory for some seconds, and are dropped.

const TYPE = 'audio/mp4; codecs="opus"';
const AHEAD = 12; // seconds kept ready
const BEHIND = 15; // seconds kept of what was heard
const FADE_IN = 0.4; // seconds: no sound starts at once
const FADE_OUT = 0.06;
const RUN_IN = 0.08; // seconds a decoder needs before it gives the right sound, which are not heard
const EDGE = 0.04; // seconds before an end that count as there
const STALLED = 0.25; // seconds before an end at which a browser may have nothing more to play
const SLOW = 1500; // milliseconds without an answer after which the page says so
export const QUIET = 0.5; // where the volume starts
const STARTED = "therapy-review-started"; // every widget is a module of its own: the page is what they share

export const canPlay = () => Boolean(globalThis.MediaSource?.isTypeSupported(TYPE));

// Events: "time" (it moved), "state" (playing, waiting or resting), "closed" (a closed stretch is next), "sorry".
export class Sound extends EventTarget {
  time = 0;
  duration = 0;
  state = "resting";
  voice = "everyone";
  closed = []; // stretches that the kernel keeps back until the client says otherwise
  loop = null;
  until = Infinity;
  #ask;
  #audio = new Audio();
  #context = null;
  #gain = null;
  #source = null;
  #buffer = null;
  #head = null;
  #jobs = [];
  #runs = []; // what was appended since the last jump, in order: [start, end]
  #ticket = 0;
  #asked = 0; // the ticket of the question that is on its way, or 0
  #next = 0; // where the next piece begins
  #target = null; // where to go as soon as the sound for it is there
  #volume = QUIET;
  #slow = 0;
  #tick = 0;

  constructor(ask) {
    super();
    this.#ask = ask;
    this.#audio.preservesPitch = true;
    this.#audio.addEventListener("timeupdate", () => this.#moved());
    this.#audio.addEventListener("waiting", () => this.#moved(STALLED));
    this.#audio.addEventListener("error", () => {
      if (!this.#source) return;
      this.stop();
      this.#build(); // whatever it could not play is asked for anew at the next press
    });
    this.onStarted = (event) => event.detail !== this && this.state !== "resting" && this.stop();
    document.addEventListener(STARTED, this.onStarted);
  }

  open(head, duration) {
    this.#head = head;
    this.duration = duration;
    if (!this.#source || this.#isGone()) this.#build();
  }

  get volume() { return this.#volume; }

  set volume(value) {
    this.#volume = value;
    if (this.state === "playing") this.#gain.gain.setTargetAtTime(value, this.#context.currentTime, 0.03);
  }

  get rate() { return this.#audio.playbackRate; }

  set rate(value) {
    this.#audio.defaultPlaybackRate = value;
    this.#audio.playbackRate = value;
    this.dispatchEvent(new Event("state"));
  }

  // Play from a time on, until an end where one is given.
  play(time = this.time, until = Infinity) {
    if (!this.#head) return;
    document.dispatchEvent(new CustomEvent(STARTED, { detail: this }));
    this.#context.resume();
    this.until = until;
    this.#enter("waiting");
    this.#go(time);
  }

  stop() {
    this.#target = null;
    clearTimeout(this.#slow);
    cancelAnimationFrame(this.#tick);
    if (this.state === "playing") {
      this.time = this.#audio.currentTime;
      this.#fade();
    }
    this.#enter("resting");
  }

  #fade() {
    const now = this.#context.currentTime;
    this.#gain.gain.cancelScheduledValues(now);
    this.#gain.gain.setValueAtTime(this.#gain.gain.value, now);
    this.#gain.gain.linearRampToValueAtTime(0, now + FADE_OUT);
    setTimeout(() => this.state !== "playing" && this.#audio.pause(), 1000 * FADE_OUT);
  }

  // Silence in the same instant, and nothing kept to play.
  silence() {
    if (this.#gain) {
      this.#gain.gain.cancelScheduledValues(0);
      this.#gain.gain.value = 0;
    }
    this.#audio.pause();
    if (this.state === "playing") this.time = this.#audio.currentTime;
    this.#target = null;
    this.#enter("resting");
    this.forget();
  }

  seek(time) {
    this.time = Math.max(0, Math.min(time, this.duration));
    if (this.state === "resting") this.dispatchEvent(new Event("time"));
    else this.#go(this.time);
  }

  // Ask anew for everything from here on: what may be heard has changed.
  forget() {
    this.#ticket += 1;
    this.#asked = 0;
    this.#empty();
    this.#pump();
    if (this.state === "playing") {
      this.#fade();
      this.#enter("waiting");
    }
    if (this.state === "waiting") this.#go(this.#target ?? this.time);
  }

  heard(content, buffers) {
    if (content.ticket !== this.#ticket) return;
    this.#asked = 0;
    clearTimeout(this.#slow);
    content.at.forEach((at, i) => this.#jobs.push({ at, data: buffers[i] }));
    this.#next = content.until;
    this.#pump();
    if (!content.at.length) this.#arrive();
  }

  refused(content) {
    if (content.ticket && content.ticket !== this.#ticket) return;
    this.#asked = 0;
    this.stop();
  }

  close() {
    this.silence();
    document.removeEventListener(STARTED, this.onStarted);
    this.#source = this.#buffer = null; // a piece may still be on its way into it
    this.#context?.close();
    URL.revokeObjectURL(this.#audio.src);
    this.#audio.removeAttribute("src"); // and let go of what is kept
    this.#audio.load();
  }

  #build() {
    if (!this.#context) {
      this.#context = new AudioContext({ latencyHint: "interactive" });
      this.#gain = this.#context.createGain();
      this.#gain.gain.value = 0;
      this.#context.createMediaElementSource(this.#audio).connect(this.#gain).connect(this.#context.destination);
    }
    this.#buffer = null;
    this.#runs = [];
    const source = new MediaSource();
    this.#source = source;
    URL.revokeObjectURL(this.#audio.src);
    this.#audio.src = URL.createObjectURL(this.#source);
    // Should the browser take it away, another one goes on where this one was.
    source.addEventListener("sourceclose", () => {
      if (source !== this.#source) return;
      this.#build();
      if (this.state !== "resting") this.#go(this.time);
    });
    source.addEventListener("sourceopen", () => {
      if (source !== this.#source) return;
      source.duration = this.duration;
      this.#buffer = source.addSourceBuffer(TYPE);
      this.#buffer.addEventListener("updateend", () => { this.#arrive(); this.#pump(); });
      this.#jobs.unshift({ data: this.#head });
      this.#pump();
    }, { once: true });
  }

  #isGone() {
    return this.#buffer !== null && this.#source.readyState === "closed"; // without a buffer it is about to open
  }

  #enter(state) {
    if (state === this.state) return;
    this.state = state;
    this.dispatchEvent(new Event("state"));
  }

  #go(time) {
    if (this.#isGone()) this.#build();
    this.#target = Math.max(0, Math.min(time, this.duration - EDGE));
    this.time = this.#target;
    this.dispatchEvent(new Event("time"));
    if (this.#runOf(this.#target) && this.#arrive()) return;
    if (this.state === "playing") this.#fade(); // what sounded does not go on while the next is fetched
    this.#enter("waiting");
    this.#ticket += 1;
    this.#asked = 0;
    this.#next = Math.max(0, this.#target - RUN_IN);
    this.#empty();
    this.#pump();
    this.#request();
  }

  #request() {
    if (this.#asked || this.#next >= this.duration - EDGE) return;
    this.#asked = this.#ticket;
    this.#saySlow();
    if (!this.#ask({ kind: "sound", from: this.#next, voice: this.voice, ticket: this.#ticket })) {
      this.#asked = 0;
      this.stop();
    }
  }

  // What plays has come to its end before the next piece came.
  #await(time) {
    this.#target = time;
    this.#fade();
    this.#enter("waiting");
    this.#saySlow();
  }

  #saySlow() {
    clearTimeout(this.#slow);
    this.#slow = setTimeout(() => {
      if (this.state === "waiting") this.dispatchEvent(new CustomEvent("sorry", { detail: "slow" }));
    }, SLOW);
  }

  #pump() {
    if (!this.#buffer || this.#buffer.updating || !this.#jobs.length) return;
    if (this.#source.readyState !== "open" && this.#source.readyState !== "ended") return;
    const job = this.#jobs.shift();
    if (job.remove) {
      this.#buffer.remove(...job.remove);
      return;
    }
    try {
      if ("at" in job) this.#buffer.timestampOffset = job.at;
      this.#buffer.appendBuffer(job.data);
    } catch (error) {
      if (error.name !== "QuotaExceededError") throw error;
      // The browser wants less kept: what was heard goes, and the piece is tried again.
      this.#jobs.unshift(this.#without(Math.max(0.1, (this.#target ?? this.#audio.currentTime) - 1)), job);
      setTimeout(() => this.#pump(), 50);
      return;
    }
    if ("at" in job) this.#appended = job.at;
  }

  // Let go of what is kept, and of what is on its way into it: neither counts as there any more.
  #empty() {
    this.#runs = [];
    this.#appended = null;
    this.#jobs = this.#jobs.filter((job) => job.data && !("at" in job));
    if (this.#buffer?.updating || this.#buffer?.buffered.length) this.#jobs.push({ remove: [0, Infinity] });
  }

  // What takes everything before a time out of what is kept.
  #without(time) {
    this.#runs = this.#runs.filter(([, stop]) => stop > time);
    if (this.#runs.length) this.#runs[0][0] = Math.max(this.#runs[0][0], time);
    return { remove: [0, time] };
  }

  #appended = null;

  // Note what is there now, and begin to play where that was waited for.
  #arrive() {
    if (this.#appended !== null && this.#buffer && !this.#buffer.updating) {
      const ranges = this.#buffer.buffered;
      for (let i = 0; i < ranges.length; i += 1) {
        if (ranges.start(i) <= this.#appended + 0.1 && ranges.end(i) > this.#appended) {
          const last = this.#runs.at(-1);
          if (last && Math.abs(last[1] - this.#appended) < 0.1) last[1] = ranges.end(i);
          else this.#runs.push([Math.max(this.#appended, ranges.start(i)), ranges.end(i)]);
        }
      }
      this.#appended = null;
    }
    if (this.#target === null || this.state === "resting") return false;
    let run = this.#runOf(this.#target);
    if (!run) {
      const later = this.#runs.find(([start]) => start > this.#target);
      const kept = this.closed.find(([start, end]) => start <= this.#target + 0.1 && this.#target < end);
      if (kept) { this.#pauseBefore(kept); return false; }
      if (!later) {
        if (this.#next >= this.duration - EDGE && !this.#asked && !this.#jobs.length) this.stop();
        else if (this.#next > this.#target && !this.#jobs.length && !this.#buffer?.updating) this.#request();
        return false;
      }
      this.#target = later[0] + RUN_IN;
      run = later;
    }
    if (run[1] - this.#target < 0.1 && this.#next < this.duration - EDGE && run === this.#runs.at(-1)) {
      this.#request();
      return false;
    }
    this.#audio.currentTime = this.#target;
    this.#target = null;
    this.#begin();
    return true;
  }

  #begin() {
    clearTimeout(this.#slow);
    const now = this.#context.currentTime;
    this.#gain.gain.cancelScheduledValues(now);
    this.#gain.gain.setValueAtTime(0, now);
    this.#gain.gain.linearRampToValueAtTime(this.#volume, now + FADE_IN);
    this.#audio.play().catch((error) => {
      if (error.name === "NotAllowedError") {
        this.stop();
        this.dispatchEvent(new CustomEvent("sorry", { detail: "press" }));
      }
    });
    this.#enter("playing");
    this.#follow();
  }

  #follow() {
    cancelAnimationFrame(this.#tick);
    this.#tick = requestAnimationFrame(() => {
      if (this.state !== "playing") return;
      this.#moved();
      this.#follow();
    });
  }

  #runOf(time) {
    return this.#runs.find(([start, end]) => time >= start - 0.02 && time < end - EDGE);
  }

  #moved(edge = EDGE) {
    if (this.state !== "playing" || this.#target !== null || this.#isGone()) return;
    const time = this.#audio.currentTime;
    this.time = time;
    this.dispatchEvent(new Event("time"));
    if (this.loop && time >= this.loop[1]) { this.#go(this.loop[0]); return; }
    if (time >= Math.min(this.until, this.duration - EDGE)) { this.stop(); return; }
    const at = this.#runs.findIndex(([start, end]) => time >= start - 0.1 && time <= end + 0.1);
    const run = this.#runs[at];
    if (run && time >= run[1] - edge) {
      const later = this.#runs[at + 1];
      const reach = later ? later[0] : this.#next;
      const kept = this.closed.find(([start]) => start >= run[1] - 0.3 && start <= reach + 0.1);
      if (kept) { this.#pauseBefore(kept); return; }
      if (later) { this.#go(later[0] + RUN_IN); return; }
      if (this.#next >= this.duration - EDGE && !this.#asked && !this.#jobs.length) { this.stop(); return; }
      if (this.#next > run[1] + 0.1 && !this.#asked) { this.#go(this.#next); return; }
      if (this.#asked) { this.#await(run[1]); return; }
    }
    const end = this.#runs.at(-1)?.[1] ?? time;
    const wanted = this.loop ? Math.min(this.loop[1], this.until) : this.until;
    if (end - time < AHEAD && this.#next < wanted + 1) this.#request();
    const ranges = this.#buffer?.buffered;
    if (ranges?.length && time - ranges.start(0) > 2 * BEHIND && !this.#buffer.updating) {
      this.#jobs.push(this.#without(time - BEHIND));
      this.#pump();
    }
  }

  #pauseBefore(stretch) {
    this.stop();
    this.dispatchEvent(new CustomEvent("closed", { detail: stretch }));
  }
}
