"""The back office for SuperOffice Service chat."""

__version__ = "0.1.0"
