"""The demo: the stand-in SuperOffice in a process of its own, and people to sign in as.

Everything is on loopback and the passwords are printed: it is for trying out, on one machine.
"""

import os
import socket
import time
from dataclasses import dataclass

from django.conf import settings
from django.contrib.auth.models import User

from chatops.actions.callers import Role
from chatops.ops import people
from chatops.ops.children import Child
from chatops.remote import linking
from chatops.remote.models import Agent, Credential

#: Seconds in which the stand-in has to answer.
STARTS_WITHIN = 20.0


@dataclass(frozen=True, slots=True)
class Somebody:
    """A demo person; those who chat have the account of the same name at the stand-in."""

    name: str
    role: Role
    chats: bool
    what: str

    @property
    def password(self) -> str:
        return f"{self.name}-demo"


CAST = (
    Somebody("mia", Role.AGENT, True, "answers chats: start with her"),
    Somebody("ola", Role.AGENT, True, "her colleague, to offer chats to"),
    Somebody("kari", Role.LEAD, True, "leads the team, sees every chat of its topics"),
    Somebody("audrey", Role.AUDITOR, False, "reads everything, masked"),
    Somebody("oscar", Role.OPERATOR, False, "runs it: people, tokens, health"),
)


class StandInFailed(Exception):
    """The stand-in did not start; its own words stand above."""


def start_standin() -> Child:
    """Start the stand-in and wait until it answers; settings and children then speak to it.

    It takes its usual port, or a free one when that is taken, and says so to other commands through
    STANDIN_PORT_FILE. Raises StandInFailed.
    """
    port = _free_port(settings.STANDIN_PORT)
    state = str(settings.VAR_DIR / "standin.json")
    child = Child("standin", "--port", str(port), "--life", "--state", state)
    child.start()
    deadline = time.monotonic() + STARTS_WITHIN
    while not _answers(port):
        if not child.is_running() or time.monotonic() > deadline:
            child.end(within=1.0)
            raise StandInFailed(f"The stand-in SuperOffice did not start on port {port}.")
        time.sleep(0.05)
    settings.STANDIN_PORT_FILE.write_text(f"{port}\n")
    settings.SUPEROFFICE_API_URL = f"http://127.0.0.1:{port}/api"
    os.environ["STANDIN_PORT"] = str(port)  # what the children's settings read
    return child


def _free_port(wanted: int) -> int:
    for port in (wanted, 0):
        with socket.socket() as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                trial.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(trial.getsockname()[1])
    raise StandInFailed("There is no free port on 127.0.0.1.")


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1.0).close()
    except OSError:
        return False
    return True


def make_people() -> None:
    """Make the demo's people where they are missing, and link those who chat.

    Raises LinkRefused when the stand-in does not know them.
    """
    for one in CAST:
        user = User.objects.filter(username=one.name).first()
        if user is None:
            user, _ = people.add(one.name, one.role)
            # Shorter than the rules for passwords allow: it is printed, and it is the demo.
            user.set_password(one.password)
            if not one.chats:  # the others are called what the stand-in calls them
                user.first_name = one.name.title()
            user.save(update_fields=["password", "first_name"])
        if one.chats and not Agent.objects.filter(user=user).exists():
            secret = {"user": one.name, "password": one.password}
            linking.link(user, Credential.Scheme.BASIC, secret)


def told(address: str) -> str:
    """What to open and whom to sign in as, for the terminal."""
    rows = [f"  {one.name:8}{one.password:14}{one.role:10}{one.what}" for one in CAST]
    return "\n".join(
        [
            "",
            f"  chatops is at {address}",
            "",
            "  A demo with a stand-in SuperOffice: no SuperOffice is configured. Sign in as",
            "",
            *rows,
            "",
            "  Ctrl-C ends everything.",
            "",
        ]
    )
