"""The readthrough cache that requests to backends go through."""
