"""The small models that come with the package, opened once a process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from importlib.resources.abc import Traversable

    from numpy.typing import NDArray

THREADS = 2  # calls of a model at a time


@cache
def model(name: str) -> Any:
    """Open a model, ``segmentation`` or ``campplus``, for running on this computer's processor."""
    import onnxruntime

    onnxruntime.disable_telemetry_events()  # where another package imported it before this one
    onnxruntime.set_default_logger_severity(3)
    _share_memory()
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.use_env_allocators", "1")
    options.enable_mem_pattern = False  # a plan of all it will need at once makes that many times as much
    options.intra_op_num_threads = 1  # one call is one thread, which gives the same numbers on every computer
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(
        _file(f"{name}.onnx").read_bytes(), options, providers=["CPUExecutionProvider"]
    )


@cache
def _share_memory() -> None:
    """Let the models work in the same memory, which grows by what is needed and no more: 150 MB less."""
    import onnxruntime

    onnxruntime.create_and_register_allocator(
        onnxruntime.OrtMemoryInfo(
            "Cpu", onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR, 0, onnxruntime.OrtMemType.DEFAULT
        ),
        onnxruntime.OrtArenaCfg({"arena_extend_strategy": 1}),
    )


def freeing() -> Any:
    """Give what lets a call of a model hand back, once it is done, the memory that no call works in any more."""
    import onnxruntime

    options = onnxruntime.RunOptions()
    options.add_run_config_entry("memory.enable_memory_arena_shrinkage", "cpu:0")
    return options


@cache
def weights_of(name: str) -> dict[str, NDArray[np.float32]]:
    """Read a table of weights, ``speech`` or ``confidence``."""
    with _file(f"{name}.npz").open("rb") as file, np.load(file) as kept:
        return dict(kept)


def _file(name: str) -> Traversable:
    return files("therapy_review.diarization").joinpath("models", name)
