"""Staying fresh, against the stand-in."""
