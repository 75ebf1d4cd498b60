"""Outgoing webhooks: programs that want to be told of changes instead of asking for them.

May be imported by api, console and ops. Its table is kept; the change feed is what it follows.
"""
