"""The classes of saved models, known to Keras as soon as there is a Keras.

Keras finds a class by its registered name once its module is imported, which takes TensorFlow's
five seconds: so it waits for the first `import keras`, whoever does it.
"""

import importlib
import importlib.abc
import importlib.util
import sys
from importlib.machinery import ModuleSpec
from types import ModuleType


def register() -> None:
    """Have our classes registered: now where Keras is imported already, else after its import."""
    if "keras" in sys.modules:
        from aecli.console import quiet

        with quiet.silence():
            _register()
            quiet.list_devices()
    elif not any(isinstance(one, _Finder) for one in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def _register() -> None:
    from aecli.pinned import pin_keras

    importlib.import_module("aecli.models")
    pin_keras()


class _Finder(importlib.abc.MetaPathFinder):
    """Finds keras as whoever comes after it does."""

    def find_spec(self, fullname: str, path=None, target=None) -> ModuleSpec | None:
        if fullname != "keras" or self not in sys.meta_path:
            return None
        place = sys.meta_path.index(self)
        sys.meta_path.remove(self)  # while the others are asked; TensorFlow looks without importing
        try:
            spec = importlib.util.find_spec(fullname)
        finally:
            sys.meta_path.insert(place, self)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


class _Loader(importlib.abc.Loader):
    """Loads as another does, without TensorFlow's chatter, and registers our classes after it."""

    def __init__(self, loader: importlib.abc.Loader):
        self._loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        from aecli.console import quiet

        with quiet.silence():
            self._loader.exec_module(module)
            _register()
            quiet.list_devices()

    def __getattr__(self, name: str):
        return getattr(self._loader, name)  # what else a loader is asked: its resources
