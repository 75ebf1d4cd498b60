"""People and their SuperOffice accounts: linked, tested, removed."""

import json
import logging
import time
from collections.abc import Mapping

from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.utils import timezone

from chatops.remote import wiring
from chatops.remote.models import Agent, Credential
from chatops.superoffice import entities, errors

logger = logging.getLogger(__name__)

#: What each scheme needs, as the keys of its secret.
NEEDED = {
    Credential.Scheme.BASIC: ("user", "password"),
    Credential.Scheme.TICKET: ("ticket",),
    Credential.Scheme.BEARER: ("refresh_token",),
}
#: What SuperOffice says, or we do, when a sign-in is no good (any more).
NOT_ACCEPTED = (errors.Unauthorized, errors.Forbidden, errors.CredentialsMissing)
#: A second question after a 401 takes no longer: somebody waits for the answer. Seconds.
DOUBT_SECONDS = 2.0
TAKEN = "This SuperOffice account is already linked to somebody else here."


class LinkRefused(Exception):
    """The account was not linked; the text says why, in words for the person."""


def link(
    user: User, scheme: str, secret: Mapping[str, str], *, associate_id: int | None = None
) -> Agent:
    """Link `user` to a SuperOffice account, checked with `User/currentPrincipal` before it is kept.

    `secret` holds what NEEDED says for the scheme; `associate_id`, when given, is who it must be.
    Raises LinkRefused: not accepted, not reachable, not a user who can chat, another one than
    `associate_id`, or already linked to somebody else.
    """
    needed = NEEDED.get(Credential.Scheme(scheme)) if scheme in Credential.Scheme else None
    if needed is None:
        raise LinkRefused(f"An account cannot be linked by {scheme!r}.")
    if scheme == Credential.Scheme.BASIC and settings.SUPEROFFICE_TENANT:
        # Asking for SuperOffice passwords is forbidden Online (contract, B.2).
        raise LinkRefused("Online, an account is linked by signing in at SuperOffice.")
    # A ticket can stand as the user name, with an empty password (contract, B.4).
    if not secret.get(needed[0]):
        raise LinkRefused(f"The {needed[0].replace('_', ' ')} is missing.")
    stored = json.dumps({name: secret.get(name, "") for name in needed})
    trial = f"trial:{user.pk}"
    try:
        # A token that has to be made is kept in the row, so the row is there before the check.
        with transaction.atomic():
            Credential.objects.filter(name=trial).delete()
            row = Credential.objects.create(name=trial, scheme=scheme, secret=stored)
        principal = _principal(row)
        if associate_id not in (None, principal.associate_id):
            raise LinkRefused("SuperOffice named two different accounts. Nothing was linked.")
        return _store(user, f"agent:{user.pk}", row, principal)
    except IntegrityError as error:
        raise LinkRefused(TAKEN) from error  # linked twice at the same moment
    finally:
        Credential.objects.filter(name=trial).delete()


def _principal(credential: Credential, *, deadline: float | None = None) -> entities.Principal:
    try:
        associates = wiring.client_of(credential).associates
        principal = associates.current_principal(deadline=deadline)
    except NOT_ACCEPTED as error:
        raise LinkRefused("SuperOffice did not accept this sign-in.") from error
    except errors.SuperOfficeError as error:
        raise LinkRefused(f"SuperOffice could not be asked: {error.detail}") from error
    if principal.associate_id <= 0:
        raise LinkRefused("SuperOffice knows this sign-in, but it belongs to no user.")
    return principal


def _store(user: User, name: str, trial: Credential, principal: entities.Principal) -> Agent:
    if Agent.objects.filter(associate_id=principal.associate_id).exclude(user=user).exists():
        raise LinkRefused(TAKEN)
    # The refresh token may have been replaced while it was checked.
    trial = Credential.objects.get(pk=trial.pk)
    now = timezone.now()
    with transaction.atomic():
        credential, _ = Credential.objects.update_or_create(
            name=name,
            defaults={
                "scheme": trial.scheme,
                "secret": trial.secret,
                "token": trial.token,
                "token_expires_at": trial.token_expires_at,
                "renewed_at": trial.renewed_at,
                "renewing_until": None,  # what a renewal of the old account brings is not kept
                "broken_at": None,
                "broken_because": "",
                "checked_at": now,
            },
        )
        agent, _ = Agent.objects.update_or_create(
            user=user,
            defaults={
                "associate_id": principal.associate_id,
                "ej_user_id": principal.ej_user_id or None,
                "login": principal.associate or principal.user_name,
                "full_name": principal.full_name,
                "linked_at": now,
                "credential": credential,
            },
        )
        _name(user, principal.full_name)
    return agent


def _name(user: User, full_name: str) -> None:
    """Who has no name here is called what SuperOffice calls them."""
    first, _, last = full_name.strip().rpartition(" ")
    if last and not user.get_full_name():
        user.first_name, user.last_name = first[:150], last[:150]
        user.save(update_fields=["first_name", "last_name"])


def check(agent: Agent, *, deadline: float | None = None) -> entities.Principal:
    """Ask SuperOffice who the linked account is. Raises LinkRefused when it is not accepted."""
    credential = agent.credential
    try:
        principal = _principal(credential, deadline=deadline)
    except LinkRefused as refusal:
        # Only what SuperOffice said about the sign-in counts against it, not that it was silent or
        # asked for a pause; nor that it refused a token which could not be renewed for that reason.
        said = refusal.__cause__
        in_vain = isinstance(said, errors.Refused) and isinstance(
            said.__cause__, errors.SuperOfficeError
        )
        if isinstance(said, NOT_ACCEPTED) and not in_vain:
            _mark(credential, str(refusal))
        raise
    if principal.associate_id != agent.associate_id:
        _mark(credential, "SuperOffice says that it belongs to somebody else now.")
        raise LinkRefused("SuperOffice says that this account belongs to somebody else now.")
    _name(agent.user, principal.full_name)
    Credential.objects.filter(pk=credential.pk).update(
        broken_at=None, broken_because="", checked_at=timezone.now()
    )
    return principal


def doubt(agent: Agent) -> bool:
    """After a 401: ask once more who the account is, and mark it when it is not accepted.

    Returns whether it may still be acted in. One odd 401 breaks no account, and silence neither.
    """
    agent.credential.refresh_from_db()  # it may have been linked anew meanwhile
    try:
        check(agent, deadline=time.monotonic() + DOUBT_SECONDS)
    except LinkRefused as refusal:
        logger.info("account in doubt", extra={"agent": agent.pk, "said": str(refusal)})
    return not Credential.objects.filter(pk=agent.credential.pk, broken_at__isnull=False).exists()


def _mark(credential: Credential, because: str) -> None:
    """Mark what was asked about, not what was linked or found good since."""
    same = Credential.objects.filter(pk=credential.pk, checked_at=credential.checked_at)
    same.update(broken_at=timezone.now(), broken_because=because[:255])


def unlink(user: User) -> bool:
    """Forget the person's SuperOffice account and its secrets; whether there was one."""
    with transaction.atomic():
        agent = Agent.objects.filter(user=user).first()
        if agent is None:
            return False
        credential = agent.credential
        agent.delete()
        credential.delete()
    return True
