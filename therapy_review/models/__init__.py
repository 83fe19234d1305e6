"""The two small models that come with the package, opened once a process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import Any


@cache
def model(name: str, threads: int = 1) -> Any:
    """Open a model for running on this computer's processor.

    Parameters
    ----------
    name : str
        ``silero_vad`` or ``ge2e``.
    threads : int
        How many processor threads one call may use.

    Returns
    -------
    onnxruntime.InferenceSession
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(3)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    data = files("therapy_review.models").joinpath(f"{name}.onnx").read_bytes()
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
