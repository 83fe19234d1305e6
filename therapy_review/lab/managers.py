"""Jupyter's managers of files and kernels, as the workbook needs them: nothing is kept but what is in the journal.

Jupyter keeps a checkpoint of each notebook beside it, and reads and writes plain files. Here it keeps none, and a
sealed journal's ``reports`` are read and written through the journal's own store.
"""

from __future__ import annotations

import atexit
import base64
import datetime as dt
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_server.services.contents.checkpoints import AsyncCheckpoints
from jupyter_server.services.contents.manager import AsyncContentsManager
from tornado.web import HTTPError

from therapy_review import hints
from therapy_review.errors import NotThereError, TherapyReviewError
from therapy_review.journal import Journal, open_journal
from therapy_review.lab.server import TALKS
from therapy_review.storage import digest

FOLDER = "reports"
MIMETYPES = {".html": "text/html", ".pdf": "application/pdf", ".parquet": "application/vnd.apache.parquet"}
NONE_KEPT = "none"  # Lab wants a checkpoint to have a name
NOT_HERE = 404
NO_HISTORY = "--HistoryManager.enabled=False"


class NoCheckpoints(AsyncCheckpoints):
    """Keeps no second copy of a notebook."""

    async def create_checkpoint(self, contents_mgr: Any, path: str) -> dict[str, Any]:  # noqa: ARG002
        """Keep nothing."""
        return {"id": NONE_KEPT, "last_modified": dt.datetime.now(dt.UTC)}

    async def restore_checkpoint(self, contents_mgr: Any, checkpoint_id: str, path: str) -> None:  # noqa: ARG002
        """Say that there is none to go back to."""
        raise HTTPError(404, "No earlier copies of notebooks are kept.")

    async def rename_checkpoint(self, checkpoint_id: str, old_path: str, new_path: str) -> None:
        """Do nothing."""

    async def delete_checkpoint(self, checkpoint_id: str, path: str) -> None:
        """Do nothing."""

    async def list_checkpoints(self, path: str) -> list[dict[str, Any]]:  # noqa: ARG002
        """List none."""
        return []


class SealedContents(AsyncContentsManager):
    """The notebooks and pages of a sealed journal's ``reports``, for Jupyter's server.

    The server is started in the journal's folder; the passphrase is asked for in its terminal, unless the program
    that started it hands the key over (see `therapy_review.storage.unlock`).
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.journal: Journal = open_journal(getattr(self.parent, "root_dir", "."))

    def _checkpoints_class_default(self) -> type[NoCheckpoints]:
        return NoCheckpoints

    def get_kernel_path(self, path: str, model: dict[str, Any] | None = None) -> str:  # noqa: ARG002
        """Start kernels where the notebooks are: their parameters name the journal from there."""
        return FOLDER

    async def dir_exists(self, path: str) -> bool:
        """Tell whether Jupyter may look into a folder: the journal's own, or ``reports``."""
        return path.strip("/") in ("", FOLDER)

    async def is_hidden(self, path: str) -> bool:
        """Tell whether a name begins with a dot."""
        return any(part.startswith(".") for part in PurePosixPath(path).parts)

    async def file_exists(self, path: str = "") -> bool:
        """Tell whether there is a notebook or a page of that name."""
        name = path.strip("/")
        return str(PurePosixPath(name).parent) == FOLDER and self.journal.store.exists(name)

    async def get(
        self,
        path: str,
        content: bool = True,  # noqa: FBT001, FBT002  as Jupyter calls it
        type: str | None = None,  # noqa: A002
        format: str | None = None,  # noqa: A002
        require_hash: bool = False,  # noqa: FBT001, FBT002
    ) -> dict[str, Any]:
        """Give a folder, a notebook or a page, opened in memory."""
        name = path.strip("/")
        if await self.dir_exists(name) and type in (None, "directory"):
            return await self._folder(name, with_content=content)
        with _told():
            if not await self.file_exists(name):
                raise HTTPError(404, f"There is no {name} here.")
            kind = type or ("notebook" if name.endswith(".ipynb") else "file")
            model = self._file(name, kind, with_content=content, form=format)
            if require_hash:
                model |= {"hash": digest(self.journal.store.read(name)), "hash_algorithm": "sha256"}
            return model

    async def save(self, model: dict[str, Any], path: str = "") -> dict[str, Any]:
        """Seal a notebook or a page and keep it."""
        name = path.strip("/")
        if str(PurePosixPath(name).parent) != FOLDER or model.get("type") not in ("notebook", "file"):
            raise HTTPError(400, f"Only notebooks and pages are kept, in {FOLDER}.")
        self.run_pre_save_hooks(model=model, path=name)  # type: ignore[no-untyped-call]
        if model["type"] == "notebook":
            notebook = nbformat.from_dict(model["content"])
            self.check_and_sign(notebook, name)  # type: ignore[no-untyped-call]
            data = nbformat.writes(notebook).encode()
        elif model.get("format") == "text":
            data = str(model["content"]).encode()
        else:
            add = hints.command("add", "FILE", journal=self.journal.root)
            raise HTTPError(400, f"Only text is kept here; recordings are added with: {add}")
        with _told():
            with self.journal.store.writing():
                self.journal.store.write(name, data)
            return self._file(name, model["type"], with_content=False)

    async def delete_file(self, path: str) -> None:
        """Delete a notebook or a page."""
        with _told(), self.journal.store.writing():
            if not await self.file_exists(path):
                raise HTTPError(404, f"There is no {path} here.")
            self.journal.store.remove(path.strip("/"))

    async def rename_file(self, old_path: str, new_path: str) -> None:
        """Give a notebook or a page another name."""
        old, new = old_path.strip("/"), new_path.strip("/")
        store = self.journal.store
        with _told(), store.writing():
            if await self.file_exists(new):
                raise HTTPError(409, f"There is already a {new} here.")
            if not await self.file_exists(old) or str(PurePosixPath(new).parent) != FOLDER:
                raise HTTPError(404, f"{old} can't become {new}.")
            store.write(new, store.read(old))
            store.remove(old)

    async def _folder(self, name: str, *, with_content: bool) -> dict[str, Any]:
        inside = [FOLDER] if not name else [f"{name}/{file}" for file in self.journal.store.files(name)]
        content = [one for each in inside if (one := await self._within(each))] if with_content else None
        return {
            **_nothing(name),
            "type": "directory",
            "content": content,
            "format": "json" if content else None,
        }

    async def _within(self, name: str) -> dict[str, Any] | None:
        """Give what stands in a folder's list; None where it was taken away since that was read."""
        try:
            return await self.get(name, content=False)
        except HTTPError as error:
            if error.status_code == NOT_HERE:
                return None
            raise

    def _file(self, name: str, kind: str, *, with_content: bool, form: str | None = None) -> dict[str, Any]:
        store = self.journal.store
        size, changed = store.stamp(name)
        when = dt.datetime.fromtimestamp(changed / 1e9, dt.UTC)
        model = {**_nothing(name), "type": kind, "size": size, "last_modified": when, "created": when}
        if not with_content:
            return model
        data = store.read(name)
        try:
            text = data.decode()
        except UnicodeDecodeError:  # a PDF, a table in Parquet
            if form == "text" or kind == "notebook":
                raise HTTPError(400, f"{name} is not text.") from None
            form = "base64"
        if kind == "notebook":
            notebook = nbformat.reads(text, as_version=4)
            self.mark_trusted_cells(notebook, name)  # type: ignore[no-untyped-call]
            model |= {"content": notebook, "format": "json"}
            self.validate_notebook_model(model)  # type: ignore[no-untyped-call]
            return model
        if form == "base64":
            content = base64.b64encode(data).decode()
            return model | {"content": content, "format": "base64", "mimetype": _mimetype(name)}
        return model | {"content": text, "format": "text", "mimetype": _mimetype(name)}


class QuietKernelSpecs(KernelSpecManager):
    """Finds kernels, and has those of IPython's keep no history: what is typed stands in the notebook alone.

    IPython would write every line into a file in its own folder, beyond the journal and as plain as can be. This
    lives as long as Jupyter's server: when that ends, the folder in which it talked to its kernels goes too.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        talk = self.config.KernelManager.get("ip", "")
        folder = Path(str(talk)).parent
        if folder.name.startswith(TALKS) and folder.is_dir() and not folder.is_symlink():
            atexit.register(shutil.rmtree, folder, ignore_errors=True)

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return how a kernel is started."""
        found = super().get_kernel_spec(kernel_name)
        if any("ipykernel" in word for word in found.argv):
            found.argv = [*found.argv, NO_HISTORY]
        return found


@contextmanager
def _told() -> Iterator[None]:
    """Let Lab show the sentence of an error."""
    try:
        yield
    except TherapyReviewError as error:
        raise HTTPError(NOT_HERE if isinstance(error, NotThereError) else 500, str(error)) from error


def _nothing(name: str) -> dict[str, Any]:
    began = dt.datetime.fromtimestamp(0, dt.UTC)
    return {
        "name": PurePosixPath(name).name,
        "path": name,
        "created": began,
        "last_modified": began,
        "content": None,
        "format": None,
        "mimetype": None,
        "size": None,
        "writable": True,
        "hash": None,
        "hash_algorithm": None,
    }


def _mimetype(name: str) -> str:
    return MIMETYPES.get(PurePosixPath(name).suffix, "text/plain")
