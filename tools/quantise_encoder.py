"""Store the voice encoder's convolutions in eight bits: twice as fast, and the same turns on tuning sessions.

    pip install onnx sympy
    python tools/export_models.py wheels exported
    python -m tools.quantise_encoder exported/campplus.onnx therapy_review/diarization/models/campplus.onnx

What range of numbers each convolution meets is taken from the benchmark's tuning sessions. Weights use seven of the
eight bits, for processors without the newer instructions would overflow with all of them and give other numbers.
The first convolution and the gates, where little time is spent, stay as they are.
"""

from __future__ import annotations

import argparse
import hashlib
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from benchmarks.diarization.cases import standard_cases
from benchmarks.diarization.simulate import simulate
from therapy_review.diarization import embedding

MOMENTS = (60.0, 330.0)  # seconds into every tuning session
SECONDS = 10.0
FRAMES = 1000
KEPT = ("/head/conv1/", "cam_layer/linear1/", "cam_layer/linear2/")


def stretches() -> Iterator[dict[str, np.ndarray]]:
    """Give what the encoder hears: ten seconds at a time, pooled over windows of 0.6 s."""
    pooled = np.repeat(np.eye(16, dtype=np.float32), 30, axis=1) / 30
    windows = np.pad(pooled, ((0, 0), (0, FRAMES // 2 - pooled.shape[1])))
    for case in standard_cases("tuning"):
        samples, _ = simulate(case)
        for start in MOMENTS:
            energies = embedding.band_energies(samples, np.array([start, start + SECONDS]))[:FRAMES]
            yield {"fbank": (energies - energies.mean(axis=0))[None], "windows": windows}


class Heard(CalibrationDataReader):
    """What `stretches` gives, as the quantiser asks for it."""

    def __init__(self) -> None:
        self.left = stretches()

    def get_next(self) -> dict[str, np.ndarray] | None:
        return next(self.left, None)


def single(model: onnx.ModelProto) -> onnx.ModelProto:
    """Turn weights kept in half precision back into single precision, once and for all."""
    graph = model.graph
    kept = {tensor.name: tensor for tensor in graph.initializer}
    casts = [node for node in graph.node if node.op_type == "Cast" and node.input[0] in kept]
    for node in casts:
        values = numpy_helper.to_array(kept.pop(node.input[0])).astype(np.float32)
        kept[node.output[0]] = numpy_helper.from_array(values, node.output[0])
        graph.node.remove(node)
    tensors = list(kept.values())
    del graph.initializer[:]
    graph.initializer.extend(tensors)
    return model


def embedded(model: Path) -> np.ndarray:
    session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    vectors = np.concatenate([session.run(None, heard)[0] for heard in stretches()])
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("exported", type=Path)
    parser.add_argument("target", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        plain, simple = Path(scratch) / "single.onnx", Path(scratch) / "simple.onnx"
        onnx.save(single(onnx.load(given.exported)), plain)
        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_BASIC
        options.optimized_model_filepath = str(simple)
        onnxruntime.InferenceSession(plain, options, providers=["CPUExecutionProvider"])
        names = [node.name for node in onnx.load(simple).graph.node if node.op_type == "Conv"]
        quantize_static(
            simple,
            given.target,
            Heard(),
            quant_format=QuantFormat.QDQ,
            per_channel=True,
            reduce_range=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
            nodes_to_quantize=[name for name in names if not any(part in name for part in KEPT)],
        )
        cosine = (embedded(plain) * embedded(given.target)).sum(axis=1)
    print(f"windows of 0.6 s against single precision: cosine {cosine.mean():.3f}, least {cosine.min():.3f}")
    print(
        given.target.name, given.target.stat().st_size, hashlib.sha256(given.target.read_bytes()).hexdigest()
    )


if __name__ == "__main__":
    main()
