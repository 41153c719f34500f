"""Architectures: what is between the pixels and the code, built from the data's shape.

Importing this room registers every class of its folder, which a saved model may name.
"""

import importlib
import pkgutil

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
