// Measure in the page: from a press to the first samples that are not zero, and how evenly it plays on.
window.elements = [];
const OwnAudio = window.Audio;
window.Audio = function () {
  const element = new OwnAudio();
  window.elements.push(element);
  return element;
};
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target === this.context.destination) {
    window.ear = new AnalyserNode(this.context, { fftSize: 256 });
    connect.call(this, window.ear);
  }
  return connect.call(this, target, ...rest);
};
const next = () => new Promise((done) => {
  const channel = new MessageChannel();
  channel.port1.onmessage = done;
  channel.port2.postMessage(0);
});
const sounds = () => {
  const block = new Float32Array(256);
  window.ear?.getFloatTimeDomainData(block);
  return block.some((one) => one !== 0);
};
// Go to a time and press play; answers after how many milliseconds something was heard.
window.firstSound = async (time) => {
  const player = document.querySelector(".tr-player");
  const place = player.querySelector(".tr-place");
  if (time !== null) {
    place.value = String(time);
    place.dispatchEvent(new Event("input"));
  }
  while (sounds()) await next();
  const pressed = performance.now();
  player.querySelector(".tr-play").click();
  while (!sounds() && performance.now() - pressed < 10000) await next();
  const heard = performance.now() - pressed;
  player.querySelector(".tr-stop").click();
  await new Promise((done) => setTimeout(done, 250));
  return heard;
};
// Play on for some seconds; answers the longest run of silent or repeated samples in a steady tone.
window.evenness = async (seconds) => {
  const player = document.querySelector(".tr-player");
  player.querySelector(".tr-play").click();
  await new Promise((done) => setTimeout(done, 1500));
  const code = `registerProcessor("even", class extends AudioWorkletProcessor {
    constructor() { super(); this.run = 0; this.longest = 0; this.jump = 0; this.last = 0;
      this.port.onmessage = () => { this.port.postMessage({ longest: this.longest, jump: this.jump, at: this.at }); this.longest = 0; this.jump = 0; }; }
    process([[channel]]) {
      for (const one of channel ?? []) {
        this.run = Math.abs(one) < 1e-4 ? this.run + 1 : 0;
        this.longest = Math.max(this.longest, this.run);
        if (Math.abs(one - this.last) > this.jump) { this.jump = Math.abs(one - this.last); this.at = currentTime; }
        this.last = one;
      }
      return true;
    }
  });`;
  const { context } = window.ear;
  await context.audioWorklet.addModule(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
  const node = new AudioWorkletNode(context, "even");
  window.ear.connect(node);
  await new Promise((done) => setTimeout(done, 300));
  await new Promise((done) => { node.port.onmessage = done; node.port.postMessage(0); });
  await new Promise((done) => setTimeout(done, 1000 * seconds));
  const { data } = await new Promise((done) => { node.port.onmessage = done; node.port.postMessage(0); });
  player.querySelector(".tr-stop").click();
  return { ...data, rate: context.sampleRate };
};
