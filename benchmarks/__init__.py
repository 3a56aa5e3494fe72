"""Figures that are compared within one run; nothing here passes or fails."""
