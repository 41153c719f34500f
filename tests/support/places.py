"""Where things are."""

import pathlib

SUPPORT = pathlib.Path(__file__).parent
ROOT = SUPPORT.parents[1]  # of the checkout
CONFIGS = ROOT / "configs"
