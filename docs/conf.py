"""The site, by `sphinx-build -W docs site`; its reference is of the YAMLs and docstrings."""

import pathlib
import sys

HERE = pathlib.Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

import reference  # noqa: E402

project = "aecli"
author = "the authors of aecli"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
]
exclude_patterns = ["site", "_build", "own/configs"]
html_theme = "furo"
html_title = "aecli"
html_copy_source = html_show_sourcelink = html_show_copyright = False
html_static_path = ["static"]
html_css_files = ["wrapped.css"]
html_theme_options = {"source_repository": "", "top_of_page_buttons": []}

myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
nb_execution_mode = "force"  # the notebook's outputs are those of this very version
nb_merge_streams = True  # a line an epoch in one block
nb_execution_timeout = 600
nb_execution_raise_on_error = True
copybutton_prompt_text = "$ "

autodoc_default_options = {"members": True, "show-inheritance": True}
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
maximum_signature_line_length = 80


def setup(app):
    app.connect("builder-inited", lambda app: reference.write(pathlib.Path(app.srcdir)))
    app.connect("autodoc-skip-member", reference.is_foreign)
    app.connect("autodoc-process-docstring", reference.as_plain_text)
    app.connect("autodoc-process-signature", reference.with_settings)
