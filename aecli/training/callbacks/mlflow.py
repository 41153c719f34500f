"""MLflow: a run of its own in the store that MLFLOW_TRACKING_URI names, or in ./mlflow.db."""

import importlib
import logging
import os
import time
from typing import Annotated, Any, ClassVar

from pydantic import Field

from aecli.training.callbacks.tracker import Ended, Tracker

QUIETLY = {  # unless the user has set them
    "MLFLOW_DISABLE_TELEMETRY": "true",  # nothing leaves this machine that was not asked for
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",  # a server that is away is not waited for
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "20",
}
AT_ONCE = 100  # parameters that one request may have
STATES = {"done": "FINISHED", "pruned": "FINISHED", "interrupted": "KILLED"}


class MLflow(Tracker):
    """Settings as parameters, each epoch's metrics, at the end the test's, figures and config.

    experiment: of MLflow's, under which the run is listed; the jobs of a sweep have the tag sweep.
    """

    called: ClassVar[str] = "MLflow"
    package: ClassVar[str] = "mlflow"

    def __init__(
        self, folder: str, experiment: Annotated[str, Field(min_length=1, max_length=200)] = "aecli"
    ):
        super().__init__(folder)
        self._experiment = experiment
        self._client: Any = None
        self._run = ""

    def open(self, known):
        for name, value in QUIETLY.items():
            os.environ.setdefault(name, value)
        mlflow: Any = importlib.import_module("mlflow")  # an extra, and slow to import

        for name in ("mlflow", "alembic"):
            logging.getLogger(name).setLevel(logging.WARNING)
        self._client = mlflow.MlflowClient()
        found = None
        if known is not None:
            try:
                found = self._client.get_run(known)
                self._client.update_run(known, status="RUNNING")
            except mlflow.MlflowException:  # another store, or deleted there
                found = None
        self._run = known if found is not None else self._created()
        self._tell_settings({} if found is None else found.data.params)
        return self._run

    def _created(self) -> str:
        client, name = self._client, self._experiment
        experiment = client.get_experiment_by_name(name)
        if experiment is None:
            try:
                number = client.create_experiment(name)
            except Exception:  # another job of the sweep was quicker
                number = client.get_experiment_by_name(name).experiment_id
        else:
            number = experiment.experiment_id
        tags = {"aecli.folder": str(self.folder.absolute())}
        if self.told.group is not None:
            tags["sweep"] = self.told.group
        return client.create_run(number, run_name=self.told.name, tags=tags).info.run_id

    def _tell_settings(self, before: dict[str, str]) -> None:
        """MLflow's parameters cannot change: one that a resume has changed becomes a tag."""
        entities: Any = importlib.import_module("mlflow.entities")

        settings = {name: str(value)[:6000] for name, value in self.told.settings.items()}
        new = [
            entities.Param(name, value) for name, value in settings.items() if name not in before
        ]
        for first in range(0, len(new), AT_ONCE):
            self._client.log_batch(self._run, params=new[first : first + AT_ONCE])
        for name, value in before.items():
            if settings.get(name, value) != value:
                self._client.set_tag(self._run, name, settings[name])

    def tell_epoch(self, epoch, values, seen):
        self._tell(values, epoch)

    def _tell(self, values, step: int) -> None:
        entities: Any = importlib.import_module("mlflow.entities")

        now = int(time.time() * 1000)
        metrics = [entities.Metric(name, value, now, step) for name, value in values.items()]
        self._client.log_batch(self._run, metrics=metrics)

    def close(self, ended: Ended):
        self._tell({f"test_{name}": value for name, value in ended.metrics.items()}, 0)
        self._client.log_artifact(self._run, str(ended.config))
        for figure in ended.figures:
            self._client.log_artifact(self._run, str(figure), "figures")
        self._client.set_terminated(self._run, STATES.get(ended.state, "FAILED"))
