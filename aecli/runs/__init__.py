"""Run folders: create, find, load, list; the only room that knows their layout."""

from aecli.runs.latest import find, is_latest, latest, still_training
from aecli.runs.listing import RunInfo, find_any, list_runs, state_of
from aecli.runs.run import CONFIG, Run, create, kept, read_status, write_config

__all__ = [
    "CONFIG", "Run", "RunInfo", "create", "find", "find_any", "is_latest", "kept", "latest",
    "list_runs", "read_status", "state_of", "still_training", "write_config",
]  # fmt: skip
