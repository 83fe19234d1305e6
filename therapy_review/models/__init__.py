"""The small models that come with the package, opened once a process."""

from __future__ import annotations

from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


@cache
def model(name: str, threads: int = 1) -> Any:
    """Open a model for running on this computer's processor.

    Parameters
    ----------
    name : str
        ``segmentation`` or ``campplus``.
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


@cache
def weights_of(name: str) -> dict[str, NDArray[np.float32]]:
    """Read a table of weights.

    Parameters
    ----------
    name : str
        ``speech``.

    Returns
    -------
    dict of str to ndarray of float32
    """
    with files("therapy_review.models").joinpath(f"{name}.npz").open("rb") as file, np.load(file) as kept:
        return dict(kept)
