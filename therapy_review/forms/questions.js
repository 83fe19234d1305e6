// Questions with the same answers to choose from: one group of radio buttons each, so that arrow keys and screen
// readers find their way.

function part(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

function render({ model, el }) {
  const group = `tr-${Math.random().toString(36).slice(2)}`;
  const options = [...model.get("options").map((text, value) => [text, value]), [model.get("left_open"), null]];
  const buttons = model.get("items").map((_, item) => options.map(([, value]) => {
    const button = part("input", { type: "radio", name: `${group}-${item}` });
    button.addEventListener("change", () => {
      model.set("answers", model.get("answers").map((answer, at) => (at === item ? value : answer)));
      model.save_changes();
    });
    return button;
  }));
  const questions = model.get("items").map((text, item) => part("fieldset", {},
    part("legend", {}, `${item + 1}. ${text}`),
    ...options.map(([answer], at) => part("label", {}, buttons[item][at], answer))));
  const draw = () => model.get("answers").forEach((answer, item) => options.forEach(([, value], at) => {
    // What was never answered shows nothing chosen; a click on "no answer" does.
    if (answer !== null || value !== null) buttons[item][at].checked = answer === value;
  }));
  const root = part("div", { class: "tr-questions", role: "group", "aria-label": model.get("question") },
    part("p", {}, model.get("question")), ...questions);
  // JupyterLab has keys of its own.
  root.addEventListener("keydown", (event) => { if (event.key !== "Tab") event.stopPropagation(); });
  el.append(root);
  draw();
  model.on("change:answers", draw);
  return () => model.off("change:answers", draw);
}

export default { render };
