"""What libraries read about ``requests``: the version whose API this is, and who wrote it."""

__title__ = "requests"
__description__ = "The API of requests, on Fastly Compute backends."
__url__ = "https://requests.readthedocs.io"
__version__ = "2.34.2"
"""The version of ``requests`` whose API this is."""
__build__ = 0x023402
__author__ = "Fastly Compute for Python contributors"
__author_email__ = ""
__license__ = "Apache-2.0"
__copyright__ = "Copyright Fastly Compute for Python contributors"
__cake__ = "\u2728 \U0001f370 \u2728"
