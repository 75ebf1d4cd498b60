"""Who speaks to SuperOffice, and how often: linked people, their credentials, the shared gate.

May be imported by actions, sync, console, api and ops. Its tables are secret.
"""
