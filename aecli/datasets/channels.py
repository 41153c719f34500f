"""Where another file of images has its channels, by what a training has learnt."""

from aecli.datasets.arrays import Place
from aecli.datasets.learnt import Learnt


def as_trained(found: tuple[int, ...], learnt: Learnt, option: str) -> Place:
    """Where an array [N, *found] has its channels: the training's shape tells, or its reader.

    option: of the reader that reads it; where the training had another, that one's place says
    nothing.
    """
    height, width, channels = learnt.shape
    if found == (height, width, channels) != (channels, height, width):
        return "last"
    if found == (channels, height, width) != (height, width, channels):
        return "first"
    was_first = learnt.reader.get("option") == option and learnt.reader.get("channels") == "first"
    return "first" if was_first and len(found) in (1, 3) else "last"


def stored(option: str, channels: Place) -> dict[str, str]:
    """What a run keeps of them, for as_trained."""
    return {"option": option, "channels": "first" if channels == "first" else "last"}
