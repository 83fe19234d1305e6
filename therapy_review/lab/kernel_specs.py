"""The kernels that JupyterLab starts for the workbook: what is typed in their cells is kept in the notebook alone.

IPython would write every line into a file in its own folder, beyond the journal and as plain as can be. That is
switched off for every kernel of IPython's, whatever its name.
"""

from __future__ import annotations

import atexit
import shutil
from pathlib import Path
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager

NO_HISTORY = "--HistoryManager.enabled=False"


class QuietKernelSpecs(KernelSpecManager):
    """Finds kernels, and has those of IPython's keep no history.

    It lives as long as Jupyter's server: when that ends, the folder in which it talked to its kernels goes too.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        talk = self.config.KernelManager.get("ip", "")
        if is_ours(folder := Path(str(talk)).parent):
            atexit.register(shutil.rmtree, folder, ignore_errors=True)

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return how a kernel is started."""
        found = super().get_kernel_spec(kernel_name)
        if any("ipykernel" in word for word in found.argv):
            found.argv = [*found.argv, NO_HISTORY]
        return found


def is_ours(folder: Path) -> bool:
    """Tell whether a folder is one that `therapy_review.lab.server` makes for Lab to talk to its kernels."""
    from therapy_review.lab.server import TALKS

    return folder.name.startswith(TALKS) and folder.is_dir() and not folder.is_symlink()
