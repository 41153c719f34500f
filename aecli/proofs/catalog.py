"""Which proofs there are: the functions that @proof marks, in the files of this folder."""

import importlib
import pathlib

from aecli.proofs.base import MARK, Proof

FOLDER = pathlib.Path(__file__).parent


def subjects() -> list[str]:
    """The files that there are proofs of: ["latents/iaf", ..., "models/vae", ...]."""
    found = [path.relative_to(FOLDER).with_suffix("") for path in FOLDER.glob("*/*.py")]
    return sorted(str(path) for path in found if path.name != "__init__")


def proofs_of(subject: str) -> list[Proof]:
    """The proofs of a subject, in the order of its file."""
    module = importlib.import_module(f"aecli.proofs.{subject.replace('/', '.')}")
    return [
        Proof(subject, getattr(function, MARK), function)
        for function in vars(module).values()
        if hasattr(function, MARK) and function.__module__ == module.__name__
    ]
