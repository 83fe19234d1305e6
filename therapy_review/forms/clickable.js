// A picture in which sessions can be chosen: by the pointer, or with the arrow keys and Enter.
// The picture comes as a message, so that nothing of it is kept in a notebook.

// How long what was chosen is waited for: after that, a sound would come as a surprise.
const PATIENCE = 3000;

const make = (tag, attributes, ...children) => {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
};

function render({ model, el }) {
  const image = make("img", { alt: "" });
  const line = make("div", { class: "tr-choose-line", hidden: "" });
  const said = make("p", { class: "tr-choose-said", "aria-hidden": "true" }, "\u00a0");
  const frame = make("div", { class: "tr-choose", tabindex: "0", role: "slider", "aria-label": "Sessions" }, image, line);
  const caption = make("figcaption", {});
  el.append(make("figure", { class: "tr-choose-figure" }, frame, said, caption));
  let rows = [];
  let days = {};
  let url = "";
  let row = 0;
  let place = 0;
  let last = "";
  let opened = "";
  let going = 0;

  const ask = (content) => {
    try {
      model.send(content);
    } catch {
      said.textContent = "The notebook is not running. Choose Run ▸ Run All Cells, then choose again.";
    }
  };

  function point() {
    const { sessions, at, named, said: values } = rows[row];
    place = Math.max(0, Math.min(place, sessions.length - 1));
    if (rows[row].sessions[place] !== last) opened = "";
    last = rows[row].sessions[place];
    const words = `${days[sessions[place]]} · ${named}${values[place] ? `: ${values[place]}` : ""}`;
    const top = Math.min(...rows.map((one) => one.top));
    const bottom = Math.max(...rows.map((one) => one.bottom));
    Object.assign(line.style, { left: `${100 * at[place]}%`, top: `${100 * top}%`, height: `${100 * (bottom - top)}%` });
    line.hidden = false;
    said.textContent = words + opened;
    frame.setAttribute("aria-valuemax", sessions.length - 1);
    frame.setAttribute("aria-valuenow", place);
    frame.setAttribute("aria-valuetext", words);
  }

  const choose = () => {
    const { what, sessions } = rows[row];
    const was = openedPlace()?.querySelector("h3");
    ask({ kind: "choose", what, session: sessions[place] });
    opened = " · opened below";
    clearTimeout(going);
    goTo(was, what === "proud", Date.now() + PATIENCE);
  };

  const openedPlace = () => el.closest(".tr-choose-page")?.querySelector(".tr-choose-place");

  // To what was opened: it is drawn a moment later, and may lie below what is in view. A star plays what it stands for.
  function goTo(was, plays, until) {
    const heading = openedPlace()?.querySelector("h3");
    if (heading && heading !== was) {
      heading.scrollIntoView({ block: "center" });
      if (plays) play(until);
    } else if (Date.now() < until) {
      going = setTimeout(() => goTo(was, plays, until), 50);
    }
  }

  function play(until) {
    const button = openedPlace()?.querySelector(".tr-moment-play");
    if (button) button.click();
    else if (Date.now() < until) going = setTimeout(() => play(until), 50);
  }

  const onEscape = (event) => { if (event.key === "Escape") clearTimeout(going); };

  function under(event) {
    const box = image.getBoundingClientRect();
    const [x, y] = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    const far = rows.map((one) => Math.max(one.top - y, y - one.bottom, 0));
    const nearest = far.indexOf(Math.min(...far));
    const one = rows[nearest];
    if (!one || far[nearest] > 0.05 || x < one.left - 0.02 || x > one.right + 0.02) return false;
    const away = one.at.map((at) => Math.abs(at - x));
    [row, place] = [nearest, away.indexOf(Math.min(...away))];
    return true;
  }

  const keys = {
    ArrowLeft: () => { place -= 1; }, ArrowRight: () => { place += 1; },
    ArrowUp: () => move(-1), ArrowDown: () => move(1),
    Home: () => { place = 0; }, End: () => { place = Infinity; },
    Enter: choose, " ": choose,
  };

  // To another row, at the session that stands nearest there.
  function move(by) {
    const at = rows[row].at[place];
    row = Math.max(0, Math.min(row + by, rows.length - 1));
    const away = rows[row].at.map((other) => Math.abs(other - at));
    place = away.indexOf(Math.min(...away));
  }

  function onKey(event) {
    if (!(event.key in keys) || !rows.length) return;
    // JupyterLab has commands on these keys; here they are meant for the picture.
    event.preventDefault();
    event.stopPropagation();
    keys[event.key]();
    point();
  }

  function onMessage(content, buffers) {
    if (content.kind !== "picture") return;
    URL.revokeObjectURL(url);
    url = URL.createObjectURL(new Blob([buffers[0]], { type: "image/png" }));
    image.src = url;
    image.alt = content.alt;
    caption.textContent = content.caption;
    rows = content.rows.filter(({ sessions }) => sessions.length);
    days = content.days;
    row = 0;
    place = Infinity;
    line.hidden = true;
    said.textContent = rows.length ? "Click a session to open it, or use the arrow keys and Enter." : "\u00a0";
    frame.setAttribute("aria-valuemin", 0);
  }

  frame.addEventListener("pointermove", (event) => { if (under(event)) point(); });
  frame.addEventListener("click", (event) => { if (under(event)) { point(); choose(); point(); } });
  frame.addEventListener("focus", () => { if (rows.length && line.hidden && frame.matches(":focus-visible")) point(); });
  frame.addEventListener("keydown", onKey);
  document.addEventListener("keydown", onEscape, true);
  model.on("msg:custom", onMessage);
  ask({ kind: "open" });

  return () => {
    clearTimeout(going);
    document.removeEventListener("keydown", onEscape, true);
    URL.revokeObjectURL(url);
    model.off("msg:custom", onMessage);
  };
}

export default { render };
