"""Which of the processes of a distributed training this one is. TensorFlow-free."""

import contextlib
import dataclasses
import json
import os

from aecli.errors import BadRequest

EXAMPLE = (
    """TF_CONFIG='{"cluster": {"worker": ["host1:2345", "host2:2345"]}, """
    """"task": {"type": "worker", "index": 0}}'"""
)
JOBS = ("chief", "worker")  # the chief, where one is named, is worker 0


@dataclasses.dataclass(frozen=True)
class Cluster:
    """Worker `number` of those at `addresses`; worker 0 is the chief, who alone writes."""

    number: int
    addresses: tuple[str, ...]

    @property
    def is_chief(self) -> bool:
        return self.number == 0

    def name(self, number: int) -> str:
        return f"worker {number} of {len(self.addresses)} ({self.addresses[number]})"


def cluster(strategy: str) -> Cluster | None:
    """What TF_CONFIG says where the strategy is multi_worker, else None. Raises BadRequest."""
    if strategy != "multi_worker":
        return None
    text = os.environ.get("TF_CONFIG")
    if not text:
        raise BadRequest(
            "trainer.strategy=multi_worker needs TF_CONFIG in the environment of every worker: "
            f"their addresses, and which of them it is\n{EXAMPLE}"
        )
    with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
        config = json.loads(text)
        jobs, task = config["cluster"], config["task"]
        addresses = {job: list(jobs[job]) for job in JOBS if job in jobs}
        before = {"chief": 0, "worker": len(addresses.get("chief", []))}
        named = tuple(address for job in JOBS for address in addresses.get(job, []))
        index = int(task["index"])
        in_range = 0 <= index < len(addresses[task["type"]])
        is_plain = all(isinstance(address, str) for address in named)
        if in_range and is_plain and len(addresses.get("chief", [])) <= 1:
            return Cluster(before[task["type"]] + index, named)
    shown = text if len(text) < 200 else f"{text[:200]}..."
    raise BadRequest(f"TF_CONFIG names no worker of a cluster; got {shown}\n{EXAMPLE}")
