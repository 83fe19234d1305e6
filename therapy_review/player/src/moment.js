// One moment to hear: a button, a line, a volume.

import { button, part } from "./page.js";
import { QUIET, Sound, canPlay } from "./sound.js";

const NOT_RUNNING = "The notebook is not running: choose Run ▸ Run All Cells, then press play again.";
const SORRY = {
  slow: "The notebook is busy; the sound comes as soon as it is free. If it was restarted, choose Run ▸ Run All Cells.",
  press: "Press play once more, so that the browser lets this page be heard.",
};
const CANT_PLAY = "This browser can't play the sound; a current Chrome, Edge, Firefox or Safari can.";

function render({ model, el }) {
  const [when, why, start, end] = ["when", "why", "start", "end"].map((name) => model.get(name));
  const sound = new Sound((content) => {
    try {
      model.send(content);
      return true;
    } catch {
      state.textContent = NOT_RUNNING;
      return false;
    }
  });
  const press = button("▶ Play", () => (sound.state === "resting" ? play() : sound.stop()), { class: "tr-moment-play" });
  const line = part("div", { class: "tr-moment-line" }, part("span", { class: "tr-moment-when" }, when),
    part("span", { class: "tr-moment-why" }, why));
  const volume = part("input", { type: "range", class: "tr-moment-volume", min: "0", max: "1", step: "0.05", value: String(QUIET),
    oninput: () => { sound.volume = Number(volume.value); } });
  const done = part("div", { class: "tr-moment-done" });
  const state = part("span", { class: "tr-moment-state", "aria-live": "polite" });
  const root = part("div", { class: "tr-moment", role: "group", "aria-label": `Moment at ${when}. ${why}` }, press, line,
    part("label", { class: "tr-moment-loudness" }, "volume", volume),
    part("div", { class: "tr-moment-track", "aria-hidden": "true" }, done), state);
  el.append(root);
  let opened = false;

  function play() {
    if (!canPlay()) {
      state.textContent = CANT_PLAY;
      return;
    }
    state.textContent = "";
    if (opened) {
      sound.play(start, end);
      return;
    }
    try {
      model.send({ kind: "open" });
      root.dataset.state = "waiting";
    } catch {
      state.textContent = NOT_RUNNING;
    }
  }

  function shown() {
    root.dataset.state = sound.state;
    const resting = sound.state === "resting";
    press.textContent = resting ? "▶ Play" : "■ Stop";
    press.setAttribute("aria-label", `${resting ? "Play" : "Stop"} the moment at ${when}`);
    if (resting) done.style.width = "0";
  }

  function onMessage(content, buffers) {
    if (content.kind === "opened" && !opened) {
      opened = true;
      sound.open(buffers[0], content.duration);
      sound.play(start, end);
    }
    if (content.kind === "sound") sound.heard(content, buffers);
    if (content.kind === "sorry") {
      sound.refused(content);
      shown();
      state.textContent = content.sentence;
    }
  }

  const onEscape = (event) => { if (event.key === "Escape" && sound.state !== "resting") sound.silence(); };
  // JupyterLab has commands on single keys; what is typed here is meant for this player.
  root.addEventListener("keydown", (event) => { if (event.key !== "Tab" && event.key !== "Escape") event.stopPropagation(); });
  sound.addEventListener("state", shown);
  sound.addEventListener("time", () => { done.style.width = `${Math.min(100, (100 * (sound.time - start)) / (end - start))}%`; });
  sound.addEventListener("sorry", ({ detail }) => { state.textContent = SORRY[detail]; });
  document.addEventListener("keydown", onEscape, true);
  model.on("msg:custom", onMessage);
  shown();

  return () => {
    sound.close();
    document.removeEventListener("keydown", onEscape, true);
    model.off("msg:custom", onMessage);
  };
}

export default { render };
