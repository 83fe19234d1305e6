// One moment to hear. The kernel sends samples when asked; they are played from memory and dropped.

const FADE_IN = 0.6; // seconds: no sound starts at once
const FADE_OUT = 0.08;
const QUIET = 0.5; // where the volume starts

const STARTED = "therapy-review-started"; // every widget is a module of its own: the page is what they share

function samplesFrom(view) {
  const pcm = new Int16Array(view.buffer.slice(view.byteOffset, view.byteOffset + view.byteLength));
  return Float32Array.from(pcm, (value) => value / 32768);
}

function part(tag, className, attributes = {}) {
  const element = Object.assign(document.createElement(tag), { className });
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function render({ model, el }) {
  const when = model.get("when");
  const why = model.get("why");
  const seconds = model.get("end") - model.get("start");

  const root = part("div", "tr-moment", { role: "group", "aria-label": `Moment at ${when}. ${why}` });
  const button = part("button", "tr-moment-play", { type: "button" });
  const line = part("div", "tr-moment-line");
  const time = part("span", "tr-moment-when");
  const words = part("span", "tr-moment-why");
  const track = part("div", "tr-moment-track", { "aria-hidden": "true" });
  const done = part("div", "tr-moment-done");
  const loudness = part("label", "tr-moment-loudness");
  const volume = part("input", "tr-moment-volume", {
    type: "range", min: "0", max: "1", step: "0.05", value: String(QUIET),
  });
  const state = part("span", "tr-moment-state", { "aria-live": "polite" });
  time.textContent = when;
  words.textContent = why;
  line.append(time, words);
  loudness.append("volume", volume);
  track.append(done);
  root.append(button, line, loudness, track, state);
  el.append(root);

  let context = null;
  let source = null;
  let gain = null;
  let tick = 0;
  let waiting = false;

  function label(text, name) {
    button.textContent = text;
    button.setAttribute("aria-label", `${name} the moment at ${when}`);
  }

  function rest(message = "") {
    waiting = false;
    cancelAnimationFrame(tick);
    done.style.width = "0";
    root.dataset.state = "resting";
    state.textContent = message;
    label("▶ Play", "Play");
  }

  function stop(message = "") {
    if (source) {
      const ending = source;
      source = null;
      ending.onended = null;
      const now = context.currentTime;
      gain.gain.cancelScheduledValues(now);
      gain.gain.setValueAtTime(gain.gain.value, now);
      gain.gain.linearRampToValueAtTime(0, now + FADE_OUT);
      ending.stop(now + FADE_OUT);
    }
    rest(message);
  }

  function play() {
    document.dispatchEvent(new CustomEvent(STARTED, { detail: root }));
    context ??= new AudioContext();
    context.resume();
    waiting = true;
    root.dataset.state = "waiting";
    state.textContent = "";
    label("■ Stop", "Stop");
    try {
      model.send({ kind: "play" });
    } catch {
      rest("The notebook is not running: choose Run ▸ Run All Cells, then press play again.");
    }
  }

  function sound(rate, view) {
    if (!waiting) return; // stopped before the sound came
    waiting = false;
    const samples = samplesFrom(view);
    const buffer = context.createBuffer(1, Math.max(1, samples.length), rate);
    buffer.copyToChannel(samples, 0);
    gain = context.createGain();
    gain.gain.setValueAtTime(0, context.currentTime);
    gain.gain.linearRampToValueAtTime(Number(volume.value), context.currentTime + FADE_IN);
    source = context.createBufferSource();
    source.buffer = buffer;
    source.connect(gain).connect(context.destination);
    source.onended = () => { source = null; rest(); };
    const begun = context.currentTime;
    source.start();
    root.dataset.state = "playing";
    (function draw() {
      done.style.width = `${Math.min(100, (100 * (context.currentTime - begun)) / seconds)}%`;
      if (source) tick = requestAnimationFrame(draw);
    })();
  }

  function onMessage(content, buffers) {
    if (content.kind === "sound") sound(content.rate, buffers[0]);
    if (content.kind === "sorry") rest(content.sentence);
  }

  function onEscape(event) {
    if (event.key === "Escape" && (source || waiting)) stop("Stopped.");
  }

  function onStarted(event) {
    if (event.detail !== root && (source || waiting)) stop(); // one moment at a time
  }

  button.addEventListener("click", () => (source || waiting ? stop() : play()));
  // JupyterLab has commands on single keys; what is typed here is meant for this player.
  root.addEventListener("keydown", (event) => { if (event.key !== "Tab") event.stopPropagation(); onEscape(event); });
  volume.addEventListener("input", () => {
    if (source) gain.gain.setTargetAtTime(Number(volume.value), context.currentTime, 0.03);
  });
  document.addEventListener("keydown", onEscape);
  document.addEventListener(STARTED, onStarted);
  model.on("msg:custom", onMessage);
  rest();

  return () => {
    stop();
    document.removeEventListener("keydown", onEscape);
    document.removeEventListener(STARTED, onStarted);
    model.off("msg:custom", onMessage);
    context?.close();
  };
}

export default { render };
