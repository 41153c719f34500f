# Keras has no types: those that are read off its code are of every backend, None among them.
from typing import Any

def __getattr__(name: str) -> Any: ...
