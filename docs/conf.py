"""The site: ``hatch run docs:build`` writes it to docs/_build/html."""

import logging
import os
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "_extensions"))

project = "Fastly Compute in Python"
author = "the authors of the SDK"
copyright = "the authors of the SDK"  # noqa: A001 - Sphinx's name

extensions = [
    "accessible",
    "comparison",
    "error_index",
    "pictures",
    "plots",
    "public_names",
    "readme",
    "sharing",
    "upstream_names",
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.intersphinx",
    "sphinx_copybutton",
    "sphinx_last_updated_by_git",
    "sphinx_design",
    "sphinx_sitemap",
]
exclude_patterns = ["_build", "inventories", "install-today.md"]
nitpicky = True

# Docstrings: a name in single backticks is a link where it is the name of something here or in
# Python's library, and code where it is not.
default_role = "py:obj"
nitpick_ignore_regex = [
    ("py:obj", ".*"),
    ("py:class", r"(fastly_compute\..*\.)?([A-Z]s?|_\w+)"),
    # The libraries that two packages adapt, whose names are documented elsewhere.
    ("py:class", r"(httpx|urllib3)\..*"),
]
# What signatures name and no page is about.
nitpick_ignore = [
    ("py:class", "Exchange"),
    ("py:class", "Future"),
    ("py:class", "RequestSource"),
    ("py:class", "Retry"),
    ("py:class", "Url"),
    ("py:class", "WSGIApplication"),
    ("py:class", "async_io.Pollable"),
    ("py:class", "dataclasses.InitVar"),
    ("py:class", "http_req.Request"),
    ("py:exc", "NotServed"),
    ("py:exc", "TransportError"),
]
# A name that two packages have is that of the lower one.
# A page has no date where there is no git, or not all of the history.
suppress_warnings = [
    "ref.python",
    "git.command_not_found",
    "git.subprocess_error",
    "git.too_shallow",
]
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_default_options = {"members": True}
python_maximum_signature_line_length = 88
python_use_unqualified_type_names = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
add_module_names = False

# Builds need no network: the lists of names are in the repository.
intersphinx_mapping = {
    "python": ("https://docs.python.org/3", str(HERE / "inventories" / "python.inv")),
}

myst_enable_extensions = ["attrs_block", "attrs_inline", "colon_fence", "deflist"]
myst_heading_anchors = 3
myst_links_external_new_tab = False

html_theme = "furo"
pygments_dark_style = "github-dark"
html_title = "Fastly Compute in Python"
html_favicon = "_static/favicon.svg"
templates_path = ["_templates"]
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["side_by_side.js", ("scrolling.js", {"defer": "defer"})]
html_baseurl = os.environ.get("READTHEDOCS_CANONICAL_URL", "http://localhost:8000/")
html_last_updated_fmt = "%d %B %Y"
# What a link to a page shows elsewhere: its title and first paragraph, and a card with both.
ogp_site_url = html_baseurl
ogp_social_cards = {"image_mini": "_static/card.png", "line_color": "#0b5c8c"}
# The cards' font has one weight, and matplotlib warns of each other one that it looks for.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
sitemap_url_scheme = "{link}"
sitemap_show_lastmod = False
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True
copybutton_only_copy_prompt_lines = False
