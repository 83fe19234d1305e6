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

export const isField = (element) =>
  Boolean(element?.closest?.("input:not([type=range]), textarea, select, [contenteditable=true]"));

export const nameOf = (element) => element.getAttribute("aria-label") ?? element.textContent;

// Whether the focus can go there: it can't where something is hidden, covered, or no part of a player.
export const canHaveFocus = (element) =>
  Boolean(element?.closest?.(".tr-player")) && element.checkVisibility() && !element.disabled && !element.closest("[inert]");

// Change a part of the page and leave the focus where it was. Where that is gone it goes to what `onwards` finds, else
// to the play button, and never to the page's body: who uses the keyboard does not lose the place.
export function keepingFocus(box, change, onwards = () => null) {
  const had = document.activeElement;
  const within = box.contains(had);
  const name = within && nameOf(had);
  change();
  const has = document.activeElement;
  if (!within || (box.contains(has) && canHaveFocus(has))) return;
  const same = [...box.querySelectorAll("button")].filter((one) => nameOf(one) === name);
  const next = [...same, onwards(), box.closest(".tr-player").querySelector(".tr-play")].find(canHaveFocus);
  next?.focus({ preventScroll: true });
}
