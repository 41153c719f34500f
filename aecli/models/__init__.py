"""Objectives. Importing this room registers every class that a saved model may name."""

import importlib
import pkgutil

from aecli import losses as losses
from aecli import networks as networks

for _module in pkgutil.iter_modules(__path__):
    importlib.import_module(f"{__name__}.{_module.name}")
