"""Measurements on real pages; not part of what is installed."""
