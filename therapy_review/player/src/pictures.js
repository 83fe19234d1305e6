// The two pictures of a player, to look at, to click and to drag.

import { LANE, TOP, WAVE, drawOverview, drawStrip } from "./draw.js";
import { clock, part } from "./page.js";

const SPANS = [15, 30, 60, 120, 300]; // seconds the strip shows
const CALM = matchMedia("(prefers-reduced-motion: reduce)");

export class Pictures {
  span = 60;
  from = 0;

  constructor(client) {
    this.client = client;
    this.overview = part("canvas", { class: "tr-overview", "aria-hidden": "true" });
    this.strip = part("canvas", { class: "tr-strip", "aria-hidden": "true" });
    this.slider = part("input", { type: "range", class: "tr-place", min: "0", step: "1", "aria-label": "Place in the session" });
    this.frame = part("div", { class: "tr-frame" }); // what of the whole the strip shows
    this.heads = [part("div", { class: "tr-head" }), part("div", { class: "tr-head" })];
    this.tip = part("div", { class: "tr-tip", "aria-hidden": "true", hidden: "" });
    this.names = part("div", { class: "tr-lanes", "aria-hidden": "true" });
    this.top = part("div", { class: "tr-overview-box" }, this.overview, this.frame, this.heads[0], this.slider);
    this.view = part("div", { class: "tr-strip-view" }, this.strip, this.heads[1], this.tip);
    this.box = part("div", { class: "tr-strip-box" }, this.names, this.view);
    this.slider.addEventListener("input", () => client.sound.seek(Number(this.slider.value)));
    this.#drags(this.overview, (share) => share * client.session.duration);
    this.#drags(this.strip, (share) => this.from + share * this.span, (event) => this.#select(event));
    this.strip.addEventListener("pointermove", (event) => this.#point(event));
    this.strip.addEventListener("pointerleave", () => { this.tip.hidden = true; });
    this.resized = new ResizeObserver(() => this.draw());
    this.resized.observe(this.top);
  }

  zoom(step) {
    const at = SPANS.indexOf(this.span) + step;
    this.span = SPANS[Math.max(0, Math.min(SPANS.length - 1, at))];
    this.from = this.client.sound.time - this.span / 3;
    this.draw();
  }

  draw() {
    const { session } = this.client;
    if (!session || !this.top.clientWidth) return;
    this.names.replaceChildren(...session.people.map(({ name }, lane) => {
      const label = part("span", {}, name);
      label.style.marginTop = lane ? "" : `${TOP + WAVE}px`;
      return label;
    }));
    drawOverview(this.overview, this.client);
    this.slider.max = Math.floor(session.duration);
    this.#show(this.from);
    this.place();
  }

  // Have the strip begin at a time.
  #show(from) {
    const { duration } = this.client.session;
    const room = Math.min(this.span, duration);
    this.from = Math.max(0, Math.min(from, duration - room));
    drawStrip(this.strip, this.client, [this.from, this.from + this.span]);
    this.frame.style.left = `${(100 * this.from) / duration}%`;
    this.frame.style.width = `${(100 * room) / duration}%`;
  }

  // Show where the sound is; the strip follows, page by page where movement is not wanted.
  place() {
    const { session, sound } = this.client;
    if (!session || !this.top.clientWidth) return;
    const { time } = sound;
    const end = this.from + this.span;
    const outside = time < this.from || time > end;
    const late = time - this.span * 0.8 - this.from;
    // Drawn as often as it moves by a point that can be seen, which is not each time the screen is.
    const moves = late > this.span / this.strip.width && end < session.duration && sound.state === "playing";
    if (outside || (moves && CALM.matches)) this.#show(time - this.span * 0.1);
    else if (moves) this.#show(this.from + late);
    this.heads[0].style.left = `${(100 * time) / session.duration}%`;
    this.heads[1].style.left = `${(100 * (time - this.from)) / this.span}%`;
    if (document.activeElement !== this.slider || Math.abs(this.slider.value - time) > 1) this.slider.value = time;
    this.slider.setAttribute("aria-valuetext", `${clock(time)} of ${clock(session.duration)}`);
  }

  close() {
    this.resized.disconnect();
  }

  #drags(canvas, timeAt, pressed = () => {}) {
    const go = (event) => {
      const { left, width } = canvas.getBoundingClientRect();
      this.client.sound.seek(timeAt(Math.max(0, Math.min(1, (event.clientX - left) / width))));
    };
    canvas.addEventListener("pointerdown", (event) => {
      if (!this.client.session || event.button !== 0) return;
      canvas.setPointerCapture(event.pointerId);
      go(event);
      pressed(event);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (canvas.hasPointerCapture(event.pointerId)) go(event);
    });
  }

  #timeUnder(event) {
    const { left, width } = this.strip.getBoundingClientRect();
    return this.from + ((event.clientX - left) / width) * this.span;
  }

  #laneUnder(event) {
    return Math.floor((event.clientY - this.strip.getBoundingClientRect().top - TOP - WAVE) / LANE);
  }

  // A click on somebody's words chooses the turn; another one on the same place, the one stretch.
  #select(event) {
    const { session, selected } = this.client;
    const time = this.#timeUnder(event);
    const lane = this.#laneUnder(event);
    if (!session.people[lane]) return;
    const within = ([start, end, , who]) => who === lane && time >= start - 0.1 && time <= end + 0.1;
    const turn = session.turns.find((one) => one[2] === 1 && within(one)) ?? session.turns.find(within);
    const stretch = session.stretches.find(([start, end, who]) => within([start, end, 0, who]));
    const again = turn && selected && turn[0] === selected[0] && turn[1] === selected[1];
    this.client.select(again && stretch ? [stretch[0], stretch[1], 0, lane] : turn ?? null);
  }

  #point(event) {
    const { session } = this.client;
    if (!session) return;
    const time = this.#timeUnder(event);
    const silence = session.silences.find(([start, end]) => time > start && time < end);
    const mark = session.marks.find(({ start }) => Math.abs(start - time) < this.span / 150);
    const line = session.lines.find(([start, end]) => time >= start && time <= end);
    const said = [clock(time)];
    if (mark) said.push(`${mark.kind}${mark.label ? `: ${mark.label}` : ""}`);
    else if (silence) said.push(`silence of ${Math.round(silence[1] - silence[0])} seconds`);
    else if (line) said.push(line[2]);
    this.tip.textContent = said.join(" · ");
    this.tip.hidden = false;
    const { left, width } = this.view.getBoundingClientRect();
    this.tip.style.left = `${Math.max(0, Math.min(width - 160, event.clientX - left + 10))}px`;
  }
}
