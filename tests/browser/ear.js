// Hear what the page plays: every node that would reach the loudspeaker also reaches an analyser.
window.heard = [];
const connect = AudioNode.prototype.connect;
AudioNode.prototype.connect = function (target, ...rest) {
  if (target === this.context.destination) {
    const ear = new AnalyserNode(this.context, { fftSize: 4096, smoothingTimeConstant: 0 });
    connect.call(this, ear);
    const block = new Float32Array(1024);
    const bins = new Float32Array(ear.frequencyBinCount);
    window.ears = [...(window.ears ?? []), ear];
    const number = window.ears.length;
    window.setInterval(() => {
      ear.getFloatTimeDomainData(block);
      ear.getFloatFrequencyData(bins);
      // An analyser of a context that was closed gives its last block for ever; nothing of it reaches a loudspeaker.
      if (this.context.state === "closed") block.fill(0);
      const loud = Math.sqrt(block.reduce((sum, one) => sum + one * one, 0) / block.length);
      let peak = 0;
      bins.forEach((one, i) => { if (one > bins[peak]) peak = i; });
      const tone = (peak * this.context.sampleRate) / ear.fftSize;
      // By the clock of the sound too: a busy computer renders late, and then several blocks at once.
      window.heard.push({ at: performance.now(), sounded: this.context.currentTime * 1000, loud, tone, ear: number });
    }, 20);
  }
  return connect.call(this, target, ...rest);
};
window.loudness = () => Math.max(0, ...window.heard.map(({ loud }) => loud));
