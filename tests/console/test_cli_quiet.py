"""TensorFlow's chatter stays off the terminal, unless its import fails."""

import os

from cli_script import PROJECT, python

QUIETLY = "from aecli.console.quiet import import_tensorflow_quietly as quietly; quietly()"


def test_tensorflow_says_nothing(tmp_path):
    code = "import tensorflow as tf; print(float(tf.constant(2.0) + 1), file=sys.stderr)"
    done = python(f"{QUIETLY}; {code}", tmp_path)
    assert (done.stdout, done.stderr) == ("", "3.0\n")


def test_a_failed_tensorflow_import_shows_what_was_said(tmp_path):
    (tmp_path / "tensorflow.py").write_text(
        "import os\nos.write(2, b'no such library\\n')\nraise ImportError('broken')\n"
    )
    done = python(QUIETLY, tmp_path, PYTHONPATH=f"{tmp_path}{os.pathsep}{PROJECT}")
    assert done.returncode == 1
    assert "no such library" in done.stderr


FIGURES = """
from aecli import targets
from aecli.console import catalog, subgroups
for option in catalog.options("figures"):
    targets.checked(subgroups.mapping(option.file), "figures")
print("tensorflow" in sys.modules)
"""


def test_to_name_a_figure_does_not_import_tensorflow(tmp_path):
    """Which would speak: a run that is opened imports it quietly."""
    done = python(FIGURES, tmp_path)
    assert done.stdout == "False\n", done.stderr
