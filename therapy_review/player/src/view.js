// What the client sees and uses: pictures, buttons, keys, words for those who listen to the page.

import { MARKS, colourOf, overlapColour } from "./draw.js";
import { Marks } from "./marks.js";
import { button, canHaveFocus, clock, isField, keepingFocus, part } from "./page.js";
import { Pictures } from "./pictures.js";
import { Turns } from "./turns.js";

const STEP = 5; // seconds
const RATES = [0.5, 0.75, 1, 1.25, 1.5, 2];
const TWICE = 1500; // milliseconds between two presses of Escape that cover the player
const HELP = [
  ["Space", "play, or stop"], ["Escape", "silence at once, anywhere on the page; twice: cover the player too"],
  ["← →", "five seconds back, on"], ["T, Shift T", "next turn, the one before"],
  ["S, Shift S", "next long silence, the one before"], ["B, Shift B", "next mark, the one before"],
  ["V", "hear everyone, one voice alone, the other alone"], ["O", "loop this turn"],
  ["< >", "slower, faster"], ["+ −", "closer, wider"], ["M", "mark this moment"],
  ["1 2 3 4 0", "the chosen turn is me, my therapist, somebody else, both at once, nobody"],
  ["X", "split here"], ["J", "join with the next"], ["U", "undo"], ["I", "say where I am"], ["?", "this help"],
];

export class View {
  constructor(client, el) {
    this.client = client;
    this.pictures = new Pictures(client);
    this.live = part("div", { class: "tr-live", "aria-live": "polite" });
    this.marks = new Marks(client, (words) => this.say(words));
    this.turns = new Turns(client);
    this.root = part("section", { class: "tr-player", "aria-label": "Player", tabindex: "-1" });
    this.#build();
    el.append(this.root);
    this.#listen();
    this.#drawAll();
  }

  say(words) {
    this.live.textContent = words;
  }

  #build() {
    const { client } = this;
    const { sound } = client;
    this.title = part("h3", { class: "tr-title" }, "Opening the sound …");
    this.time = part("div", { class: "tr-time", role: "timer", "aria-live": "off" });
    this.line = part("p", { class: "tr-line" });
    this.note = part("p", { class: "tr-note", role: "status" }, this.client.said);
    this.legend = part("ul", { class: "tr-legend", "aria-label": "What the colours mean" });
    this.stopButton = button("■ Stop", () => sound.stop(), { class: "tr-stop", "aria-keyshortcuts": "Escape" });
    this.playButton = button("▶ Play", () => this.#toggle(), { class: "tr-play", "aria-keyshortcuts": "Space" });
    this.floating = button("■ Stop", () => sound.stop(), { class: "tr-floating-stop", "aria-label": "Stop the player", hidden: "" });
    document.body.append(this.floating);
    this.inView = new IntersectionObserver(([seen]) => { this.isInView = seen.isIntersecting; this.#float(); });
    this.inView.observe(this.stopButton);
    const step = (text, label, act, key) => button(text, act, { "aria-label": label, title: key ? `${label} (${key})` : label });
    this.voice = part("select", { "aria-label": "Whom to hear", onchange: () => this.#hear(this.voice.value) });
    this.loop = button("Loop this turn", () => this.#loop(), { "aria-pressed": "false", title: "Key O" });
    this.rate = part("select", { "aria-label": "Speed", onchange: () => { sound.rate = Number(this.rate.value); } },
      ...RATES.map((one) => part("option", { value: one }, `${one}×`)));
    this.rate.value = "1";
    this.volume = part("input", { type: "range", min: "0", max: "1", step: "0.05", value: sound.volume, "aria-label": "Volume",
      oninput: () => { sound.volume = Number(this.volume.value); } });
    const row = (name, ...children) => part("div", { class: "tr-row", role: "group", "aria-label": name }, ...children);
    const transport = row("Playing", this.stopButton, this.playButton,
      step("−5 s", "Five seconds back", () => sound.seek(sound.time - STEP), "←"),
      step("+5 s", "Five seconds on", () => sound.seek(sound.time + STEP), "→"),
      step("◂ turn", "Turn before", () => this.#turn(-1), "Shift T"), step("turn ▸", "Next turn", () => this.#turn(1), "T"),
      step("◂ silence", "Long silence before", () => this.#jump("silences", -1), "Shift S"),
      step("silence ▸", "Next long silence", () => this.#jump("silences", 1), "S"),
      step("◂ mark", "Mark before", () => this.#jump("marks", -1), "Shift B"),
      step("mark ▸", "Next mark", () => this.#jump("marks", 1), "B"),
      button("Mark", () => this.marks.put(), { class: "tr-mark", "aria-label": "Mark this moment", "aria-keyshortcuts": "m", title: "Mark this moment (M)" }));
    const manner = row("How to listen", part("label", {}, "hear ", this.voice), this.loop,
      part("label", {}, "speed ", this.rate), part("label", {}, "volume ", this.volume),
      step("closer", "Show less, larger", () => this.pictures.zoom(-1), "+"),
      step("wider", "Show more, smaller", () => this.pictures.zoom(1), "−"),
      button("Keys", () => this.#help(), { "aria-keyshortcuts": "?" }));
    this.closedBox = part("div", { class: "tr-closed", role: "alertdialog", "aria-label": "A stretch you closed", hidden: "" });
    this.helpBox = part("dialog", { class: "tr-help", "aria-label": "Keys of the player" }, part("h4", {}, "Keys"),
      part("dl", {}, ...HELP.flatMap(([key, what]) => [part("dt", {}, key), part("dd", {}, what)])),
      button("Close", () => this.helpBox.close()));
    this.goOn = button("Go on", () => client.unlock(), { class: "tr-go-on" });
    this.cover = part("div", { class: "tr-cover", hidden: "" },
      part("p", {}, "This is resting. Nothing is shown, and nothing can be heard."),
      this.goOn);
    const beside = part("div", { class: "tr-beside" }, part("div", { class: "tr-pictures" }, this.pictures.box, this.legend, this.line), this.marks.box);
    this.body = part("div", { class: "tr-body" }, part("div", { class: "tr-topline" }, this.title, this.time),
      this.pictures.top, transport, beside, manner, this.closedBox, this.turns.box, this.note);
    this.root.append(this.body, this.cover, this.helpBox, this.live);
  }

  #listen() {
    const { client } = this;
    const on = (kind, act) => {
      client.addEventListener(kind, act);
      this.off.push(() => client.removeEventListener(kind, act));
    };
    on("session", () => this.#drawAll());
    on("marks", () => { this.marks.draw(); this.pictures.draw(); });
    on("select", () => { this.turns.draw(); this.pictures.draw(); });
    on("step", () => this.#step());
    on("time", () => this.#moved());
    on("state", () => this.#state());
    on("note", ({ detail }) => { this.note.textContent = detail; });
    on("locked", () => this.#covered());
    on("preparing", ({ detail }) => {
      this.line.textContent = detail < 1 ? `Getting the sound ready, so that every moment comes at once: ${Math.round(100 * detail)} %` : "";
    });
    const closed = ({ detail }) => this.#askAboutClosed(detail);
    client.sound.addEventListener("closed", closed);
    this.off.push(() => client.sound.removeEventListener("closed", closed));
    this.root.addEventListener("keydown", (event) => this.#key(event));
    for (const kind of ["keydown", "pointerdown"]) this.root.addEventListener(kind, () => { client.lastSign = Date.now(); });
    const escape = (event) => { if (event.key === "Escape") this.#escape(); };
    document.addEventListener("keydown", escape, true);
    const chart = (event) => this.#chartClicked(event);
    document.addEventListener("click", chart);
    const redraw = () => this.pictures.draw();
    document.fonts.addEventListener("loadingdone", redraw); // a canvas does not wait for its fonts
    const theme = new MutationObserver(redraw);
    theme.observe(document.body, { attributes: true, attributeFilter: ["data-jp-theme-light", "data-jp-theme-name", "class"] });
    this.off.push(() => {
      document.removeEventListener("keydown", escape, true);
      document.removeEventListener("click", chart);
      document.fonts.removeEventListener("loadingdone", redraw);
      theme.disconnect();
    });
  }

  off = [];

  #drawAll() {
    const { session } = this.client;
    if (!session) return;
    this.title.textContent = session.title;
    const people = session.people.map(({ role, name }) => part("option", { value: role }, `only ${name}`));
    this.voice.replaceChildren(part("option", { value: "everyone" }, "everyone"), ...people);
    this.voice.value = this.client.sound.voice;
    const patch = (colour, text) => {
      const square = part("span", { class: "tr-patch", "aria-hidden": "true" });
      square.style.background = colour;
      return part("li", {}, square, text);
    };
    this.legend.replaceChildren(
      ...session.people.map(({ role, name }) => patch(colourOf(role), name)),
      ...(session.overlaps.length ? [patch(overlapColour, "both at once")] : []),
      ...(session.silences.length ? [patch("color-mix(in srgb, currentColor 16%, transparent)", "silence of 3 s or more")] : []),
      ...[...new Set(session.marks.map(({ kind }) => kind))].map((kind) => part("li", {}, `${MARKS[kind] ?? "●"} ${kind}`)),
    );
    this.pictures.draw();
    this.marks.draw();
    this.turns.draw();
    this.#state();
    this.#moved();
  }

  #moved() {
    const { session, sound } = this.client;
    if (!session) return;
    const who = session.stretches.filter(([start, end]) => sound.time >= start && sound.time < end);
    const names = [...new Set(who.map(([, , lane]) => session.people[lane].name))].join(" and ");
    const now = `${clock(sound.time)} of ${clock(session.duration)}`;
    this.time.textContent = names ? `${now} · ${names}` : now;
    const line = session.lines.find(([start, end]) => sound.time >= start && sound.time < end);
    if (session.lines.length) this.line.textContent = line ? line[2] : "";
    this.where = names ? `${now}, ${names} speaking` : now;
    this.pictures.place();
  }

  #state() {
    const { sound } = this.client;
    this.root.dataset.state = sound.state;
    this.#float();
    this.playButton.textContent = sound.state === "resting" ? "▶ Play" : sound.state === "waiting" ? "… Play" : "▶ Playing";
    this.loop.setAttribute("aria-pressed", String(Boolean(sound.loop)));
    this.rate.value = String(sound.rate);
    if (sound.state !== "resting") { this.#closeQuestion(); this.client.note(""); }
    if (sound.state !== "waiting") this.say(`${sound.state === "playing" ? "Playing" : "Stopped"}, ${this.where ?? ""}`);
  }

  // Stop can be reached wherever on the page one is.
  #float() {
    const had = document.activeElement === this.floating;
    this.floating.hidden = this.isInView || this.client.sound.state === "resting";
    if (had && this.floating.hidden) this.playButton.focus({ preventScroll: true });
  }

  #step() {
    this.turns.draw();
    const { step, sound } = this.client;
    const [span] = step?.spans ?? [];
    if (span && step.number && sound.state === "resting") sound.seek(span[0]);
    this.say(step?.sentence ?? "");
  }

  #toggle() {
    const { sound } = this.client;
    if (sound.state === "resting") sound.play();
    else sound.stop();
  }

  #hear(voice) {
    const { sound } = this.client;
    sound.voice = voice;
    this.voice.value = voice;
    sound.forget();
    this.say(this.voice.selectedOptions[0].textContent);
  }

  #here() {
    const { session, sound } = this.client;
    return session.turns.filter(([start, , short]) => !short && start <= sound.time + 0.05).at(-1);
  }

  #loop() {
    const { client } = this;
    const turn = client.selected ?? this.#here();
    client.sound.loop = client.sound.loop || !turn ? null : [turn[0], turn[1]];
    this.#state();
    if (client.sound.loop) client.sound.play(turn[0]);
  }

  #turn(way) {
    const { client } = this;
    const turns = client.session.turns.filter(([, , short]) => !short);
    const { time } = client.sound;
    const next = way > 0 ? turns.find(([start]) => start > time + 0.2) : turns.filter(([start]) => start < time - 1).at(-1);
    if (!next) return;
    client.sound.loop = null;
    client.select(next);
    client.sound.seek(next[0]);
    this.say(`${client.session.people[next[3]].name}, ${clock(next[0])} to ${clock(next[1])}`);
  }

  #jump(what, way) {
    const { session, sound } = this.client;
    const times = session[what].map((one) => one.start ?? one[0]).sort((a, b) => a - b);
    const next = way > 0 ? times.find((one) => one > sound.time + 0.5) : times.filter((one) => one < sound.time - 2.5).at(-1);
    if (next === undefined) { this.say("There is none further on."); return; }
    sound.seek(Math.max(0, next - (what === "marks" ? 2 : 0)));
    this.say(`${what === "marks" ? "Mark" : "Silence"} at ${clock(next)}`);
  }

  #askAboutClosed([start, end]) {
    const { client } = this;
    const away = () => this.#closeQuestion();
    const on = button("Go on after it", () => { away(); client.sound.play(end + 0.1); });
    this.closedBox.replaceChildren(
      part("p", {}, `You marked what comes at ${clock(start)} as a trigger, so it stays silent, up to ${clock(end)}.`),
      on, button("Hear it this once", () => { away(); client.ask({ kind: "hear_closed", at: start + 0.01 }); client.sound.seek(start - 1); }),
      button("Stay here", away));
    this.closedBox.hidden = false;
    // Who is writing, or in another view of this player, is told and goes on there.
    const has = document.activeElement;
    if (!isField(has) && !(canHaveFocus(has) && !this.root.contains(has))) on.focus();
    else this.say(this.closedBox.firstChild.textContent);
  }

  #closeQuestion() {
    keepingFocus(this.closedBox, () => { this.closedBox.hidden = true; });
  }

  #help() {
    if (this.helpBox.open) this.helpBox.close();
    else this.helpBox.showModal();
  }

  #escape() {
    const { client } = this;
    const now = Date.now();
    const sounding = client.sound.state !== "resting";
    if (sounding) client.sound.silence();
    if (now - this.escaped < TWICE && !this.helpBox.open) client.lock();
    else if (sounding) this.say("Stopped.");
    this.escaped = sounding || this.root.contains(document.activeElement) ? now : 0;
  }

  escaped = 0;

  #covered() {
    const { locked } = this.client;
    const within = this.root.contains(document.activeElement);
    this.cover.hidden = !locked;
    this.body.inert = locked;
    this.body.classList.toggle("tr-hidden", locked);
    if (locked) this.say("The player is covered. Press Go on when you like.");
    else this.pictures.draw();
    if (within) (locked ? this.goOn : this.playButton).focus({ preventScroll: true });
  }

  #chartClicked(event) {
    const image = event.target.closest?.("img[data-therapy-review-map]");
    if (!image || !this.client.session) return;
    const map = JSON.parse(image.dataset.therapyReviewMap);
    if (map.session !== this.client.session.session) return;
    const { left, top, width, height } = image.getBoundingClientRect();
    const x = (event.clientX - left) / width;
    const y = (event.clientY - top) / height;
    const row = map.rows.find(([, , x0, x1, y0, y1]) => x >= x0 && x <= x1 && y >= y0 && y <= y1);
    if (!row) return;
    this.client.sound.seek(row[0] + ((x - row[2]) / (row[3] - row[2])) * (row[1] - row[0]));
    this.root.scrollIntoView({ block: "nearest" });
    this.say(`At ${clock(this.client.sound.time)}`);
  }

  #key(event) {
    // JupyterLab has commands on single keys; what is typed here is meant for this player.
    if (event.key !== "Tab") event.stopPropagation();
    const { client } = this;
    if (event.ctrlKey || event.metaKey || event.altKey || isField(event.target) || client.locked || !client.session) return;
    const range = event.target.matches?.("input[type=range]");
    const pressed = event.target.matches?.("button") && (event.key === " " || event.key === "Enter");
    if (pressed || (range && event.key.startsWith("Arrow"))) return;
    const { sound } = client;
    const who = { 1: "client", 2: "therapist", 3: "other", 4: "both", 0: "nobody" }[event.code.replace(/^(Digit|Numpad)/, "")];
    const way = event.shiftKey ? -1 : 1;
    const rate = (by) => { sound.rate = RATES[Math.max(0, Math.min(RATES.length - 1, RATES.indexOf(sound.rate) + by))]; };
    const voices = ["everyone", ...client.session.people.map(({ role }) => role)];
    const act = {
      " ": () => this.#toggle(), arrowleft: () => sound.seek(sound.time - STEP), arrowright: () => sound.seek(sound.time + STEP),
      t: () => this.#turn(way), s: () => this.#jump("silences", way), b: () => this.#jump("marks", way),
      v: () => this.#hear(voices[(voices.indexOf(sound.voice) + 1) % voices.length]), o: () => this.#loop(),
      "<": () => rate(-1), ">": () => rate(1), "+": () => this.pictures.zoom(-1), "-": () => this.pictures.zoom(1),
      m: () => this.marks.put(), x: () => this.turns.split(), j: () => this.turns.merge(), u: () => this.turns.undo(),
      i: () => this.say(this.where), "?": () => this.#help(),
    }[event.key.toLowerCase()] ?? (who && !event.shiftKey ? () => this.turns.say(who) : null);
    if (!act) return;
    event.preventDefault();
    act();
  }

  close() {
    this.off.forEach((off) => off());
    this.inView.disconnect();
    this.floating.remove();
    this.pictures.close();
    this.root.remove();
  }
}
