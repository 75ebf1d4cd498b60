"""`python -m tests.contract`: every role in turn against a demo of its own; fails on a finding."""

import os
import subprocess
import sys
from argparse import ArgumentParser
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.ops.place import MANAGE, ROOT, Place, Site, eventually, free_port

PEOPLE = {"agent": "mia", "lead": "kari", "auditor": "audrey", "operator": "oscar"}
#: Never ends, and has tests of its own.
STREAM = "/api/v1/changes/stream/"
#: Everybody knows it: the header and the cookie only have to be the same.
CSRF = "c" * 32
SIGN_IN = """
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.contrib.auth.models import User
from django.contrib.sessions.backends.db import SessionStore
one, store = User.objects.get(username={name!r}), SessionStore()
store[SESSION_KEY] = str(one.pk)
store[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
store[HASH_SESSION_KEY] = one.get_session_auth_hash()
store.create()
out = store.session_key
"""
SCOPES = ("read", "transcripts", "personal", "send", "act", "patch", "reset", "export", "feed")


def main() -> int:
    """Parse, run, tell."""
    parser = ArgumentParser(prog="contract", description=__doc__)
    parser.add_argument("--minutes", type=float, default=5.0, help="for each role")
    parser.add_argument("--role", choices=PEOPLE, action="append", help="only this one; repeatable")
    parser.add_argument("--as", dest="how", choices=("token", "session"), default="token",
                        help="as a program of that person, or as the person")  # fmt: skip
    asked = parser.parse_args()
    with TemporaryDirectory(prefix="contract-") as name:
        place = _demo(Path(name))
        try:
            site = _started(place)
            failed = [
                role
                for role in asked.role or PEOPLE
                if _examined(place, site, _headers(place, PEOPLE[role], asked.how), asked.minutes)
            ]
        finally:
            place.end()
    sys.stdout.write(f"findings as {', '.join(failed)}\n" if failed else "no finding\n")
    return 1 if failed else 0


def _demo(folder: Path) -> Place:
    # Many more requests than a program is allowed, and nothing in their way but the rules.
    return Place(
        folder,
        f"sqlite:///{folder / 'chatops.sqlite3'}",
        {
            "API_RATE_PER_MINUTE": "10000000",
            "STANDIN_PORT": str(free_port()),
            "ALLOW_END_CHAT": "true",
            "ALLOW_DELETE": "true",
        },
    )


def _started(place: Place) -> Site:
    port = free_port()
    process = place.start(*MANAGE, "run", "--bind", f"127.0.0.1:{port}")
    site = Site(process, f"http://127.0.0.1:{port}")

    def answers() -> bool:
        try:
            return site.get("/readyz").status == 200
        except OSError:
            return False

    eventually(answers, within=300)  # the mirror is filled first
    return site


def _headers(place: Place, name: str, how: str) -> list[str]:
    if how == "session":
        key = place.do(SIGN_IN.format(name=name))
        return [f"Cookie: sessionid={key}; csrftoken={CSRF}", f"X-CSRFToken: {CSRF}"]
    made = place.command(
        "token", "create", "--person", name, "--label", "contract", "--scope", *SCOPES
    )
    return [f"Authorization: Bearer {made.strip()}"]


def _examined(place: Place, site: Site, headers: list[str], minutes: float) -> bool:
    """One run of schemathesis; whether it found something. What it found is on standard output."""
    done = subprocess.run(
        [
            str(Path(sys.executable).with_name("schemathesis")), "run", f"{site.url}/api/schema/",
            *(part for one in headers for part in ("-H", one)),
            "--checks", "all",
            # Replaced by ours, see checks.py.
            "--exclude-checks", "positive_data_acceptance,use_after_free",
            "--exclude-path", STREAM,
            "--max-time", str(round(minutes * 60)), "--continue-on-failure", "--no-color",
            "--generation-database", "none",
        ],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.contract.checks", "PYTHONPATH": str(ROOT)},
        cwd=place.folder,  # it keeps notes where it runs
        check=False,
    )  # fmt: skip
    return done.returncode != 0


if __name__ == "__main__":
    sys.exit(main())
