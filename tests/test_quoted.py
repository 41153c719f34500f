"""Folders of any name reach another process through Hydra's grammar."""

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from aecli.app.arguments import quoted


@pytest.mark.parametrize(
    "path", ["a b", "it's", "a\\b", "a\\\\b", "end\\", "it\\'s", "a,b=[c]{d}(e)", "$x", "null"]
)
def test_hydra_reads_what_was_meant(path):
    override = OverridesParser.create().parse_override(f"resume={quoted(path)}")
    assert override.value() == path
    assert not override.is_sweep_override()
