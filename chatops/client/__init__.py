"""For programs that use chatops from elsewhere: two files, `requests`, nothing of Django.

    from chatops.client import ChatOps
    office = ChatOps("https://chatops.example.com", token)
    for session in office.sessions(status="InQueue"):
        office.pick_up(session["id"])

Written by hand, because what it is for cannot be generated: writes that are repeated safely under
one key, actions that wait for their ending, and a follower that keeps an exact copy.
"""

from chatops.client.follower import Follower
from chatops.client.office import ChatOps, Problem

__all__ = ["ChatOps", "Follower", "Problem"]
