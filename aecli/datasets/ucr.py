"""A problem of the UCR and UEA archives of series: .ts files in a folder, or those of a package."""

import dataclasses
import pathlib
from typing import Annotated, Literal

from pydantic import Field

from aecli.datasets.base import Dataset, Source
from aecli.datasets.packaged import packaged
from aecli.datasets.series import Series
from aecli.datasets.source_file import stated_path
from aecli.errors import BadRequest

PACKAGES = ("sktime", "aeon")  # both have some problems in datasets/data
EXAMPLE = "dataset.name=GunPoint"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Ucr(Dataset):
    """Series of a problem, training and test part as published (Dau et al. 2019, Bagnall 2018).

    Read as by dataset=series: unequal lengths end in NaN.
    """

    scale: Literal["none", "minmax", "standard"] = "standard"
    scale_per: Literal["feature", "global", "channel"] = "channel"
    name: Annotated[
        str | None, Field(pattern=r"^[A-Za-z0-9][\w-]*$", description="of a problem")
    ] = None
    path: Annotated[
        str | None, Field(description="the folder of NAME/NAME_TRAIN.ts; null: a package's")
    ] = None

    def found_at(self) -> str | None:
        found = self.path or next(iter(_packaged()), None)
        return None if found is None else str(found)

    def read(self) -> Source:
        train, test = (self._file(part) for part in ("TRAIN", "TEST"))
        return Series(path=str(train), test_path=str(test)).read()

    def _file(self, part: str) -> pathlib.Path:
        """Raises BadRequest."""
        if self.name is None:
            raise BadRequest(f"dataset.name is needed, as {EXAMPLE}")
        own = [] if self.path is None else [stated_path(self.path, "dataset.path")]
        folders = own or _packaged()
        if not folders:
            raise BadRequest(
                "dataset=ucr reads files that sktime or aeon bring, and neither is installed: "
                "pip install sktime\nor dataset.path=FOLDER, which holds NAME/NAME_TRAIN.ts"
            )
        file = f"{self.name}_{part}.ts"
        for folder in folders:
            for place in (folder / self.name / file, folder / file):
                if place.is_file():
                    return place
        there = sorted({one.name for folder in folders for one in folder.glob("*/*_TRAIN.ts")})
        names = ", ".join(name.removesuffix("_TRAIN.ts") for name in there[:12])
        raise BadRequest(
            f"dataset.name={self.name}: {folders[0]} has no {self.name}/{file}"
            f"\nit has {names or 'no problem'}; others: https://timeseriesclassification.com"
        )


def _packaged() -> list[pathlib.Path]:
    """The folders of problems that installed packages bring."""
    found = (packaged(name, "datasets", "data") for name in PACKAGES)
    return [place for place in found if place is not None]
