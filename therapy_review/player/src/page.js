// Small helps for building a page.

export const clock = (seconds) => {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n) => String(n).padStart(2, "0");
  const minutes = Math.floor(whole / 60);
  return minutes < 60
    ? `${minutes}:${two(whole % 60)}`
    : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(whole % 60)}`;
};

export function part(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (value !== null && value !== undefined) element.setAttribute(name, value);
  }
  element.append(...children);
  return element;
}

export const button = (text, press, attributes = {}) =>
  part("button", { type: "button", onclick: press, ...attributes }, text);

export const isField = (element) => Boolean(element?.closest?.("input:not([type=range]), textarea, select"));

// Draw a part anew, and leave the focus where it was: who uses the keyboard does not lose the place.
export function keepingFocus(box, draw) {
  const { activeElement } = document;
  const name = box.contains(activeElement) ? activeElement.getAttribute("aria-label") ?? activeElement.textContent : null;
  draw();
  if (name === null || box.contains(document.activeElement)) return;
  const named = [...box.querySelectorAll("button:enabled")].find((one) => (one.getAttribute("aria-label") ?? one.textContent) === name);
  (named ?? box.closest(".tr-player")?.querySelector(".tr-play"))?.focus({ preventScroll: true });
}
