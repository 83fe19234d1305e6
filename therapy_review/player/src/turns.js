// Who spoke when, put right: the chosen turn, and two minutes of listening.

import { button, clock, keepingFocus, part } from "./page.js";

const KEYS = { client: "1", therapist: "2", other: "3", both: "4", nobody: "0" };

export class Turns {
  constructor(client) {
    this.client = client;
    this.chosen = part("div", { class: "tr-chosen", role: "group", "aria-label": "The chosen turn" });
    this.asking = part("div", { class: "tr-asking", role: "group", "aria-label": "Two minutes of listening" });
    this.box = part("div", { class: "tr-turns" }, this.chosen, this.asking);
  }

  say(who) {
    const { client } = this;
    const { step, selected } = client;
    if (step?.kind === "question") {
      this.#listen("answer", who);
      return;
    }
    if (!selected) {
      client.note("Choose a turn first: click on it, or press T.");
      return;
    }
    const [start, end, , lane] = selected;
    client.ask({ kind: "relabel", start, end, speaker: who, was: client.session.people[lane].role });
  }

  split() {
    const { session, sound } = this.client;
    const there = session.stretches.filter(([start, end]) => sound.time >= start && sound.time < end).at(-1);
    if (!there) {
      this.client.note("Nobody is heard here; go to where somebody speaks to split it.");
      return;
    }
    const role = session.people[there[2]].role;
    const then = role === "client" ? "therapist" : "client";
    this.client.ask({ kind: "split", at: sound.time, then });
  }

  merge() {
    const { selected, sound, session } = this.client;
    const at = selected ? this.#inside(session, selected) : sound.time;
    this.client.ask({ kind: "merge", at });
  }

  // A time within the last stretch of a turn.
  #inside(session, [start, end, , lane]) {
    const own = session.stretches.filter(([a, b, who]) => who === lane && a >= start - 0.01 && b <= end + 0.01);
    const [a, b] = own.at(-1) ?? [start, end];
    return (a + b) / 2;
  }

  undo() {
    this.client.ask({ kind: "undo" });
  }

  begin() {
    this.#listen("begin");
  }

  #listen(act, who) {
    const { step } = this.client;
    this.client.ask({ kind: "listen", act, who, step: step?.kind, number: step?.number });
    if (act === "answer") this.client.note("Kept. Listening for others that sound the same …");
  }

  #answers() {
    return Object.entries(this.client.session.answers).map(([who, text]) =>
      button(text, () => this.say(who), { class: "tr-answer", "aria-keyshortcuts": KEYS[who], title: `Key ${KEYS[who]}` }));
  }

  draw() {
    const wasAsked = this.asking.contains(document.activeElement);
    const onwards = () => (this.asking.hidden ? wasAsked && this.listen : this.asking.querySelector("button"));
    keepingFocus(this.box, () => this.#draw(), onwards);
  }

  #draw() {
    const { client } = this;
    const { session, selected, step } = client;
    if (!session) return;
    const undo = button("Undo", () => this.undo(), { "aria-keyshortcuts": "u", title: "Key U" });
    undo.disabled = !session.can_undo;
    const refresh = button("Bring the charts up to date", () => client.ask({ kind: "refresh" }), { class: "tr-refresh" });
    refresh.hidden = !client.stale;
    const asked = step && (step.kind === "question" || step.kind === "offer");
    this.asking.hidden = !asked;
    if (asked) this.#ask(step);
    else if (step?.sentence) client.note(step.sentence);
    const act = [
      button("Split here", () => this.split(), { "aria-keyshortcuts": "x", title: "Key X" }),
      button("Join with the next", () => this.merge(), { "aria-keyshortcuts": "j", title: "Key J" }),
      undo, refresh,
    ];
    this.listen = button("Two minutes of listening", () => this.begin());
    this.listen.disabled = !session.named;
    if (!selected) {
      const hint = session.named ? "Is a turn shown as the wrong person's? Click on it." : "Click on a turn and say whose it is.";
      const offer = asked ? "" : session.offer;
      this.chosen.replaceChildren(part("span", { class: "tr-chosen-what" }, hint), undo, refresh, part("span", { class: "tr-offer" }, offer),
        ...(asked ? [] : [this.listen]));
      return;
    }
    const [start, end, , lane] = selected;
    const what = `${session.people[lane].name}, ${clock(start)} to ${clock(end)}. Who is it?`;
    this.chosen.replaceChildren(part("span", { class: "tr-chosen-what" }, what), ...(step?.kind === "question" ? [] : this.#answers()), ...act);
  }

  #ask(step) {
    const { client } = this;
    const hear = step.spans.map(([start, end], i) =>
      button(step.spans.length > 1 ? `▶ Hear number ${i + 1}` : "▶ Hear it", () => client.sound.play(start, end), { class: "tr-hear" }));
    const last = step.can_take_back ? [button("Take back the last answer", () => this.#listen("take_back"))] : [];
    const answers = step.kind === "question"
      ? [...this.#answers(), button("Skip", () => this.#listen("skip"))]
      : [
        button(step.alike === 1 ? "Change it" : `Change these ${step.alike}`, () => this.#listen("change")),
        button("Leave as it is", () => this.#listen("leave")),
      ];
    const end = button("Enough for now", () => { client.step = null; client.dispatchEvent(new Event("step")); });
    this.asking.replaceChildren(part("p", {}, step.sentence), ...hear, ...answers, ...last, end);
  }
}
