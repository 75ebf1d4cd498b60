"""One thing done to many chats: prepared, looked at, started by a person, carried out row by row.

A row is an ordinary action in the person's own name, or an entry in the notebook; nothing here has
a way of its own to SuperOffice. Console, reports and ops import it. Its rows are kept for a
while.
"""
