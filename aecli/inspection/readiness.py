"""Which data sets can be trained on here and now."""

import os
import pathlib

from aecli import build
from aecli.console import catalog, subgroups
from aecli.errors import BadRequest

Found = tuple[str, str, str, bool]  # as in packages
DATA_DIR = "AECLI_DATA_DIR"


def of_datasets() -> list[Found]:
    """Those that are ready, those whose files are missing, and those that read yours."""
    ready, missing, reading, wrong = [], [], [], []
    for option in catalog.options("dataset"):
        node = subgroups.mapping(option.file) | {"seed": 0}
        try:
            place = build.component(node, "dataset").found_at()
        except BadRequest as error:  # an option of the user's own
            wrong.append(("data", f"{option.file}: {error}".splitlines()[0], "mend it", False))
            continue
        if place is not None:
            ready.append(option.name)
        elif option.name in FETCHED:
            missing.append(option.name)
        else:
            reading.append(option.name)
    found = [_stated(), ("data", f"ready: {', '.join(ready)}", "", False)]
    found += [("data", f"{name} lacks its files", FETCHED[name], False) for name in missing]
    return [*found, *wrong, ("data", f"reading files of yours: {', '.join(reading)}", "", False)]


FETCHED = {  # data set: how its files come here
    "mnist": f"put mnist.npz into ${DATA_DIR}; else it is downloaded as it is asked for",
    "fashion_mnist": f"put its IDX files into ${DATA_DIR}; else they are downloaded",
    "cifar10": "fetch cifar-10-binary.tar.gz, and name it: dataset.path=FILE",
    "celeba": "fetch img_align_celeba, and name it: dataset.path=FOLDER",
    "shuttle": "pip install 'aecli[shuttle]'",
    "ucr": "pip install 'aecli[ucr]'",
}


def _stated() -> Found:
    stated = os.environ.get(DATA_DIR)
    if not stated:
        return "data", f"{DATA_DIR} is not set", "", False
    if pathlib.Path(stated).expanduser().is_dir():
        return "data", f"{DATA_DIR}={stated}", "", False
    return "data", f"{DATA_DIR}={stated} is no folder", f"name one, or unset {DATA_DIR}", True
