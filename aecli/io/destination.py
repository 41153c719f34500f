"""Where a command's result goes; nothing that is there is ever replaced."""

import pathlib
from collections.abc import Sequence

from aecli.errors import BadRequest
from aecli.files import made_folder
from aecli.runs import Run


class Destination:
    """A file or folder to be: output=PATH, or a name of ours in the run's eval/<time>/.

    Checked when it is made, before any work; the folder is made when the path is asked for.
    """

    def __init__(
        self, run: Run, output: str | None, name: str, suffixes: Sequence[str], key: str = "output"
    ):
        """suffixes: the kinds that the command can write, "" for a folder; key: what states it.

        Raises BadRequest.
        """
        self._run, self._name = run, name
        self._stated = None if output is None else pathlib.Path(output).expanduser()
        if self._stated is None:
            return
        if self.suffix not in suffixes:
            kinds = ", ".join(suffix or "a folder (no suffix)" for suffix in suffixes)
            raise BadRequest(f"{key}={output}: the kind is told by the suffix; it can be {kinds}")
        if self._stated.exists() or self._stated.is_symlink():
            raise BadRequest(f"{key}={output} exists, and is left as it is\nname another")

    @property
    def suffix(self) -> str:
        """ ".csv", or "" for a folder."""
        return (self._stated or pathlib.Path(self._name)).suffix.lower()

    def path(self) -> pathlib.Path:
        """In a folder that exists. Raises CannotWrite."""
        if self._stated is None:
            return self._run.new_eval_folder() / self._name
        made_folder(self._stated.parent)
        return self._stated
