"""A stand-in SuperOffice: the chat contract in memory, spoken over HTTP or in process.

It is as odd as the contract and never friendlier than the real one. `server.py` serves it in a
process of its own (the `standin` command), `adapter.py` gives it to tests. It knows nothing of
Django; only `remote/wiring.py`, `ops` and the tests may import it.
"""
