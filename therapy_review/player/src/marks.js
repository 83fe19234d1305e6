// Marks: put at once, worded afterwards, listed beside the strip.

import { MARKS } from "./draw.js";
import { button, canHaveFocus, clock, keepingFocus, nameOf, part } from "./page.js";

const WHILE_TYPING = 500; // milliseconds after the last key
const BEFORE = 2; // seconds from which a mark is heard
const HINTS = {
  name: "A few seconds around it are silent in clips you share; here you still hear it.",
};

let numbers = 0;

export class Marks {
  constructor(client, say) {
    this.client = client;
    this.say = say;
    this.gone = null;
    this.form = part("div", { class: "tr-mark-form", hidden: "" });
    this.heading = part("h4", {}, "Marks");
    this.list = part("ul", { class: "tr-marks" });
    this.box = part("div", { class: "tr-marks-box" }, this.heading, this.form, this.list);
  }

  // Put a mark here and now; it is kept before a word is written.
  put() {
    const { client } = this;
    if (!client.session) return;
    const start = Math.round(client.sound.time * 1000) / 1000;
    const mark = { id: (numbers += 1), start, end: null, kind: "bookmark", label: "", text: "" };
    client.keep(mark);
    this.#word(mark);
    this.say(`Mark at ${clock(start)}.`);
  }

  #word(mark) {
    const opener = document.activeElement;
    let timer = 0;
    const keep = () => { clearTimeout(timer); this.client.keep(mark, mark.before ?? null); };
    const kinds = part("select", { "aria-label": "What it is" });
    for (const kind of this.client.session.kinds) kinds.append(part("option", { value: kind }, kind));
    kinds.value = mark.kind;
    const hint = part("small", { class: "tr-mark-hint", role: "status" }, HINTS[mark.kind] ?? "");
    kinds.addEventListener("change", () => {
      mark.kind = kinds.value;
      hint.textContent = HINTS[mark.kind] ?? "";
      keep();
    });
    const words = part("input", { type: "text", "aria-label": "A few words", placeholder: "a few words", maxlength: "200" });
    words.value = mark.label;
    words.addEventListener("input", () => {
      mark.label = words.value;
      clearTimeout(timer);
      timer = setTimeout(keep, WHILE_TYPING);
    });
    words.addEventListener("change", keep);
    const done = () => {
      keep();
      keepingFocus(this.box, () => { this.form.hidden = true; this.form.replaceChildren(); }, () => this.#again(opener));
    };
    words.addEventListener("keydown", (event) => { if (event.key === "Enter") done(); });
    this.form.replaceChildren(part("span", { class: "tr-when" }, clock(mark.start)), kinds, words, button("Done", done), hint);
    this.form.hidden = false;
    words.focus();
  }

  // What was pressed, or what stands for it since the list was drawn anew.
  #again(opener) {
    if (canHaveFocus(opener)) return opener;
    return [...this.list.querySelectorAll("button")].find((one) => nameOf(one) === nameOf(opener));
  }

  draw() {
    const at = [...this.list.children].indexOf(document.activeElement?.closest("li"));
    const inItsPlace = () => (this.list.children[at] ?? this.list.lastElementChild).querySelector("button:last-child");
    keepingFocus(this.box, () => this.#draw(), inItsPlace);
  }

  #draw() {
    const { client } = this;
    const rows = (client.session?.marks ?? []).map((mark) => {
      const name = `${MARKS[mark.kind] ?? "●"} ${clock(mark.start)}`;
      const words = mark.label || mark.text || mark.kind;
      const play = button(name, () => client.sound.play(Math.max(0, mark.start - BEFORE)), {
        class: "tr-mark-play", "aria-label": `Play from ${clock(mark.start)}: ${mark.kind}, ${words}`,
      });
      const change = button("✎", () => this.#word({ ...mark, id: (numbers += 1), before: mark }), {
        "aria-label": `Edit the mark at ${clock(mark.start)}`, title: "Edit",
      });
      const away = button("×", () => { this.gone = mark; client.ask({ kind: "unmark", mark }); }, {
        "aria-label": `Remove the mark at ${clock(mark.start)}`, title: "Remove",
      });
      return part("li", {}, play, part("span", { class: "tr-mark-words" }, words), change, away);
    });
    this.heading.textContent = client.session?.marks_called ?? "Marks";
    this.list.setAttribute("aria-label", this.heading.textContent);
    const empty = part("li", { class: "tr-empty" }, "None yet. Press M while you listen.");
    this.list.replaceChildren(...(rows.length ? rows : [empty]), ...this.#gone());
  }

  // What was removed last can be put back, with all its words.
  #gone() {
    const { gone, client } = this;
    const isThere = (one) => ["start", "end", "kind", "label", "text"].every((name) => one[name] === gone[name]);
    if (!gone || client.session.marks.some(isThere)) return [];
    const back = button(`Put back the mark at ${clock(gone.start)}`, () => client.keep({ ...gone, id: (numbers += 1) }));
    return [part("li", { class: "tr-gone" }, back)];
  }
}
