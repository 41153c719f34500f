"""Run folders: create, find, load, list; the only room that knows their layout."""

from aecli.runs.listing import RunInfo, find, find_any, list_runs, open_run, state_of
from aecli.runs.run import CONFIG, Run, create, kept, read_status, write_config

__all__ = [
    "CONFIG", "Run", "RunInfo", "create", "find", "find_any", "kept", "list_runs",
    "open_run", "read_status", "state_of", "write_config",
]  # fmt: skip
