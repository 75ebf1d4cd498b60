"""What is said about many sessions: numbers, exports, retention. Asks the mirror, owns no numbers.

One layer above actions, sync and the notebook; console, api and ops import it.
"""
