"""aecli, killed by SIGKILL at the moment that SOAK_KILL states."""

import os
import sys

import soak_moments

soak_moments.install(os.environ.pop("SOAK_KILL", soak_moments.NEVER))

from aecli.cli import main  # noqa: E402

sys.exit(main())
