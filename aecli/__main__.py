"""`python -m aecli` is the same as `aecli`."""

import sys

from aecli.cli import main

sys.exit(main())
