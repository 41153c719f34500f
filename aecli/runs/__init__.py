"""Run folders: create, find, load, list; the only room that knows their layout."""

from aecli.runs.config import CONFIG, kept, overrides
from aecli.runs.config import write as write_config
from aecli.runs.latest import find, is_latest, latest, still_training
from aecli.runs.listing import RunInfo, find_any, list_runs, state_of
from aecli.runs.run import Run, create, read_status

__all__ = [
    "CONFIG", "Run", "RunInfo", "create", "find", "find_any", "is_latest", "kept", "latest",
    "list_runs", "overrides", "read_status", "state_of", "still_training", "write_config",
]  # fmt: skip
