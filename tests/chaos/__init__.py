"""A history check in the spirit of Jepsen's set checker: `python -m tests.chaos --help`.

Processes act on one database and one SuperOffice that fails in every way it can, and are killed
while they do. Afterwards what the database says is compared with what the stand-in's journal says
happened: every effect belongs to one action that is done, and every action that is done has one.
"""
