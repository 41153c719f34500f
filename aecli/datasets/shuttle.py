"""The Shuttle table of anomaly detection, as the package river brings it."""

import dataclasses
from typing import Annotated

from pydantic import Field

from aecli.datasets.base import Dataset, Source, TableScale, TestSize
from aecli.datasets.packaged import packaged
from aecli.datasets.table import Table
from aecli.errors import BadRequest

LABEL = "anomaly"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Shuttle(Dataset):
    """49,097 rows of 9 readings of a space shuttle's radiators; 3,511 of them are anomalous.

    Statlog (Shuttle), of which ODDS (Rayana 2016) takes class 1 as normal and leaves out class 4.
    Labels normal 0 and anomalous 1.
    """

    path: Annotated[str | None, Field(description="the CSV; null: river's")] = None
    test_size: TestSize = 0.2
    scale: TableScale = "standard"

    def found_at(self) -> str | None:
        path = self.path or packaged("river", "datasets", "shuttle.csv.gz")
        return None if path is None else str(path)

    def read(self) -> Source:
        path = self.found_at()
        if path is None:
            raise BadRequest(
                "dataset=shuttle reads the file that river brings, which is not installed: "
                "pip install river\nor dataset.path=FILE, with columns of readings and anomaly"
            )
        source = Table(path=path, label_column=LABEL).read()
        return dataclasses.replace(source, label_names=("normal", "anomalous"))
