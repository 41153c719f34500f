"""Did you mean: the nearest of the names that exist to what was typed."""

import difflib
from collections.abc import Iterable


def nearest(word: str, names: Iterable[str], cutoff: float = 0.6) -> str | None:
    near = difflib.get_close_matches(word, list(names), n=1, cutoff=cutoff)
    return near[0] if near else None


def some(names: Iterable[str], most: int = 12) -> str:
    """a, b, c (and 4 more)."""
    names = sorted(names)
    more = f" (and {len(names) - most} more)" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def same_leaf(leaf: str, keys: list[str]) -> str | None:
    """epochs -> trainer.epochs; lr -> optimizer.learning_rate; epoch -> trainer.epochs."""
    leaves = {key: key.replace("/", ".").rpartition(".")[2] for key in keys}
    for key, name in leaves.items():
        if name == leaf:
            return key
    for key, name in leaves.items():
        if "_" in name and leaf == "".join(part[:1] for part in name.split("_")):
            return key
    near = nearest(leaf, leaves.values(), cutoff=0.75)
    return next((key for key, name in leaves.items() if name == near), None)


def walk(key: str, keys: list[str]) -> str | None:
    """Mend a dotted key one part at a time: trainr.epoch -> trainer.epochs."""
    known, mended = set(keys), ""
    for part in key.split("."):
        level = [k.removeprefix(mended) for k in known if k.startswith(mended)]
        level = [k for k in level if "." not in k]
        found = part if part in level else nearest(part, level)
        if found is None:
            return None
        mended += found + "."
    return mended[:-1]
