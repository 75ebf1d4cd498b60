"""What we know of SuperOffice: rows that can be dropped and read again, and the change feed.

May be imported by actions, sync, console, api and ops. Never calls SuperOffice.
"""
