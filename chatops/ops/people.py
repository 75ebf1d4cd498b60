"""People and their roles, for the commands and the demo; changes leave a line in the trail."""

import secrets

from django.contrib.auth.models import Group, User
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction

from chatops.actions import trail
from chatops.actions.callers import Role


class PersonRefused(Exception):
    """The person cannot be made or found; the text says why."""


def add(name: str, role: Role, *, password: str | None = None) -> tuple[User, str]:
    """A person who can sign in to the console, with one role; the user and the password.

    Without a password one is made. Somebody who is there already gets the role in addition, and a
    new password only when one is given (the text is empty otherwise). Raises PersonRefused.
    """
    user = User.objects.filter(username=name).first()
    chosen = password if password is not None or user else secrets.token_urlsafe(12)
    if password is not None:
        _check(password, User(username=name))
    with transaction.atomic():
        if user is None:
            user = User(username=name)
        user.is_staff = user.is_active = True  # staff: may enter the console
        if chosen is not None:
            user.set_password(chosen)
        user.save()
        user.groups.add(Group.objects.get_or_create(name=str(role))[0])
        trail.record("person_added", caller=None, object=f"user:{user.pk}", after=str(role))
    return user, chosen or ""


def _check(password: str, user: User) -> None:
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise PersonRefused(" ".join(error.messages)) from error


def find(name: str) -> User:
    """The person with this user name. Raises PersonRefused."""
    user = User.objects.filter(username=name).first()
    if user is None:
        raise PersonRefused(f"There is nobody named {name!r}: `manage.py person list`.")
    return user


def roles_of(user: User) -> list[str]:
    """The person's roles; a superuser has all of them."""
    if user.is_superuser:
        return ["superuser"]
    known = {str(role) for role in Role}
    return [name for name in user.groups.values_list("name", flat=True) if name in known]
