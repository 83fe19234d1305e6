// The player. All views of one player share one link to the kernel, and so one sound.

import { Client } from "./client.js";
import { View } from "./view.js";

const clients = new Map();

function initialize({ model }) {
  const name = model.get("still_name");
  clients.set(name, new Client(model));
  return () => {
    clients.get(name)?.close();
    clients.delete(name);
  };
}

function render({ model, el }) {
  const name = model.get("still_name");
  // Where the live player is, the picture that stood for it goes.
  const still = document.createElement("style");
  still.textContent = `[data-therapy-review-still="${name}"] { display: none; }`;
  document.head.append(still);
  const client = clients.get(name);
  const view = new View(client, el);
  client.views += 1;
  return () => {
    still.remove();
    view.close();
    client.views -= 1;
    if (!client.views) client.sound.silence(); // nothing sounds that can't be seen and stopped
  };
}

export default { initialize, render };
