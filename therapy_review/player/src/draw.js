// Pictures of a session on canvases: all of it above, some of it large below.

const COLOURS = {
  client: "#0072B2", therapist: "#E69F00", other: "#009E73", voice_1: "#56B4E9", voice_2: "#D55E00",
};
const OVERLAP = "#CC79A7";
const FULL = 127;
const PEAKS_A_SECOND = 32;
export const LANE = 24; // pixels
export const TOP = 20; // for marks and seconds
export const WAVE = 56;
export const MARKS = { bookmark: "●", question: "?", "proud moment": "★", trigger: "■", name: "◆" };

export const colourOf = (role) => COLOURS[role] ?? "#6B7680";
export const overlapColour = OVERLAP;

function prepare(canvas, height) {
  const ratio = globalThis.devicePixelRatio || 1;
  const width = canvas.clientWidth;
  const [wide, tall] = [Math.max(1, Math.round(width * ratio)), Math.round(height * ratio)];
  if (canvas.width !== wide || canvas.height !== tall) {
    [canvas.width, canvas.height] = [wide, tall]; // which takes memory anew
    canvas.style.height = `${height}px`;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  pen.clearRect(0, 0, width, height);
  const style = getComputedStyle(canvas);
  const ink = style.color;
  pen.font = `12px ${style.fontFamily}`;
  return { pen, width, ink };
}

function wave(pen, data, from, to, width, top, height, ink) {
  const middle = top + height / 2;
  pen.fillStyle = ink;
  pen.globalAlpha = 0.45;
  for (let x = 0; x < width; x += 1) {
    const a = Math.floor((from + ((to - from) * x) / width) * PEAKS_A_SECOND);
    const b = Math.max(a + 1, Math.floor((from + ((to - from) * (x + 1)) / width) * PEAKS_A_SECOND));
    let high = 0;
    for (let i = Math.max(0, a); i < Math.min(b, data.length); i += 1) high = Math.max(high, data[i]);
    const tall = Math.max(0.5, (height * high) / FULL / 2);
    pen.fillRect(x, middle - tall, 1, 2 * tall);
  }
  pen.globalAlpha = 1;
}

// All of the session: its loudness, a thin lane a person, marks.
export function drawOverview(canvas, client) {
  const { session, waveform } = client;
  const lanes = session.people.length;
  const height = 46 + 7 * lanes;
  const { pen, width, ink } = prepare(canvas, height);
  const x = (time) => (time / session.duration) * width;
  wave(pen, waveform, 0, session.duration, width, 8, 34, ink);
  for (const [start, end, lane] of session.stretches) {
    pen.fillStyle = colourOf(session.people[lane].role);
    pen.fillRect(x(start), 45 + 7 * lane, Math.max(1, x(end) - x(start)), 5);
  }
  pen.fillStyle = ink;
  for (const mark of session.marks) {
    pen.beginPath();
    pen.moveTo(x(mark.start) - 4, 0);
    pen.lineTo(x(mark.start) + 4, 0);
    pen.lineTo(x(mark.start), 8);
    pen.fill();
  }
}

export const stripHeight = (session) => TOP + WAVE + LANE * session.people.length + 20;

// Some of the session, large: loudness, a lane a person, long silences, both at once, marks, times.
export function drawStrip(canvas, client, [from, to]) {
  const { session, waveform, selected } = client;
  const height = stripHeight(session);
  const { pen, width, ink } = prepare(canvas, height);
  const x = (time) => ((time - from) / (to - from)) * width;
  const seen = ([start, end]) => end > from && start < to;
  const lanesTop = TOP + WAVE;
  const bottom = height - 20;
  pen.textBaseline = "middle";
  for (const [start, end] of session.silences.filter(seen)) {
    pen.globalAlpha = 0.1;
    pen.fillStyle = ink;
    pen.fillRect(x(start), TOP, x(end) - x(start), bottom - TOP);
    pen.globalAlpha = 0.85;
    if (x(end) - x(start) > 24) {
      pen.textAlign = "center";
      pen.fillText(`${Math.round(end - start)} s`, (x(start) + x(end)) / 2, TOP + 9);
    }
    pen.globalAlpha = 1;
  }
  for (const [start, end] of client.sound.closed.filter(seen)) hatch(pen, x(start), TOP, x(end) - x(start), bottom - TOP, ink);
  wave(pen, waveform, from, to, width, TOP, WAVE, ink);
  for (const [start, end, lane] of session.stretches.filter(seen)) {
    pen.fillStyle = colourOf(session.people[lane].role);
    pen.fillRect(x(start), lanesTop + LANE * lane + 4, Math.max(1.5, x(end) - x(start)), LANE - 8);
  }
  pen.fillStyle = OVERLAP;
  for (const [start, end] of session.overlaps.filter(seen)) {
    pen.fillRect(x(start), lanesTop, Math.max(1.5, x(end) - x(start)), 3);
    pen.fillRect(x(start), bottom - 3, Math.max(1.5, x(end) - x(start)), 3);
  }
  if (selected && seen(selected)) {
    pen.strokeStyle = ink;
    pen.lineWidth = 2;
    pen.strokeRect(x(selected[0]) - 1, lanesTop + LANE * selected[3] + 1, x(selected[1]) - x(selected[0]) + 2, LANE - 2);
  }
  pen.fillStyle = ink;
  pen.textAlign = "center";
  for (const mark of session.marks.filter(({ start }) => start > from && start < to)) {
    pen.globalAlpha = 0.5;
    pen.fillRect(x(mark.start) - 0.5, TOP - 3, 1, bottom - TOP + 3);
    pen.globalAlpha = 1;
    pen.fillText(MARKS[mark.kind] ?? "●", x(mark.start), 9);
  }
  ticks(pen, x, from, to, bottom, ink);
}

function hatch(pen, left, top, width, height, ink) {
  pen.save();
  pen.beginPath();
  pen.rect(left, top, width, height);
  pen.clip();
  pen.strokeStyle = ink;
  pen.globalAlpha = 0.35;
  pen.lineWidth = 1;
  for (let at = left - height; at < left + width; at += 7) {
    pen.beginPath();
    pen.moveTo(at, top + height);
    pen.lineTo(at + height, top);
    pen.stroke();
  }
  pen.restore();
}

function ticks(pen, x, from, to, top, ink) {
  const step = [2, 5, 10, 15, 30, 60, 120, 300].find((one) => (to - from) / one <= 8) ?? 600;
  pen.fillStyle = ink;
  pen.globalAlpha = 0.85;
  pen.textAlign = "center";
  for (let time = Math.ceil(from / step) * step; time <= to; time += step) {
    pen.fillRect(x(time), top, 1, 4);
    const label = `${Math.floor(time / 60)}:${String(time % 60).padStart(2, "0")}`;
    if (x(time) > 14 && x(time) < x(to) - 14) pen.fillText(label, x(time), top + 12);
  }
  pen.globalAlpha = 1;
}
