"""How the pages are built: `make docs` reads this. Nothing here needs a network."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from therapy_review import __version__  # noqa: E402

project = "Therapy Review"
copyright = author = "The Therapy Review developers"  # noqa: A001  Sphinx's own word
release = version = __version__
language = "en-GB"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "flow", "faces"]
exclude_patterns = ["_build"]
myst_heading_anchors = 3

# Docstrings name things between single backticks; what has no page of its own is shown as code.
default_role = "py:obj"
smartquotes = False
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
add_module_names = False
napoleon_google_docstring = False
python_maximum_signature_line_length = 80
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["wide_tables.css"]
html_title = "Therapy Review"
html_copy_source = False
html_show_sourcelink = False
# A page opened from disk may not fetch another one, which those summaries would need; the search itself may.
html_show_search_summary = False
