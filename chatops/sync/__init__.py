"""How the mirror stays fresh: backfill, polls, hints, comparison. Its tables can be reset.

May be imported by console, api and ops.
"""
