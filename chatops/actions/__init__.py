"""What we do to SuperOffice, and what became of it; who may see and do what. Its tables are kept.

May be imported by console, api and ops.
"""
