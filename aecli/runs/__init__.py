"""Run folders: create, find, load, list; the only room that knows their layout."""

from aecli.runs.config import CONFIG, kept, overrides
from aecli.runs.config import write as write_config
from aecli.runs.listing import RunInfo, find, find_any, list_runs, open_run, state_of
from aecli.runs.run import Run, create, read_status

__all__ = [
    "CONFIG", "Run", "RunInfo", "create", "find", "find_any", "kept", "list_runs",
    "open_run", "overrides", "read_status", "state_of", "write_config",
]  # fmt: skip
