"""TensorFlow for a training: imported, and its threads set as suits the network."""

from typing import Any

from aecli import build, cores, targets
from aecli.console import quiet


def wake(config: Any, images: int, threads: int | None = None) -> None:
    """Import TensorFlow and wake the device, without its chatter; of workers, the strategy does.

    config: of the run; images: of its training part; threads: instead of the config's.
    Raises BadRequest for a trainer that cannot be built.
    """
    threads = threads or config["trainer"]["threads"]
    quiet.import_tensorflow_quietly(threads, wake=False)
    with quiet.silence():  # of the look for devices
        trainer = build.component(config["trainer"], "trainer")
        network = targets.checked(build.plain(config["network"]), "network")
        in_parts = trainer.takes_parts(network, images, threads or cores.count())
    quiet.import_tensorflow_quietly(threads, trainer.strategy != "multi_worker", in_parts)
