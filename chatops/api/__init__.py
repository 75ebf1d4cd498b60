"""For programs: the REST API, the live streams, and the door for SuperOffice's webhooks.

Nothing imports it, apart from the server's glue (urls, asgi).
"""
