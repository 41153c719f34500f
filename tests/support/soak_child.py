"""aecli, killed by SIGKILL at the moment that SOAK_KILL states, its warm jobs at SOAK_KILL_JOBS."""

import os
import sys

import soak_moments

soak_moments.install(os.environ.pop("SOAK_KILL", soak_moments.NEVER))

from aecli.cli import main  # noqa: E402
from aecli.jobs import warm  # noqa: E402

warm.DOOR = "soak_door"
sys.exit(main())
