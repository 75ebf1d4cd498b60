"""The tokens that programs act with: shown once, kept as a hash, dead when revoked or expired."""

import secrets
from collections.abc import Iterable
from datetime import timedelta
from hashlib import sha256

from django.conf import settings
from django.contrib.auth.models import Group, User
from django.db import transaction
from django.db.models import Case, CharField, Exists, OuterRef, Q, Value, When
from django.utils import timezone

from chatops.actions import trail
from chatops.actions.callers import SCOPES, SPAN_OF_ROLES, Caller, Role, Span, caller_of
from chatops.actions.errors import Invalid
from chatops.actions.models import ApiToken
from chatops.actions.prepared import Prepared

PREFIX = "cho_"
#: `last_used_at` is written at most this often, so that reading stays reading.
NOTED_EVERY = timedelta(minutes=1)


def _digest(plain: str) -> str:
    # A token has 256 random bits: a plain hash cannot be guessed back, a slow one would cost every
    # request for nothing.
    return sha256(plain.encode("utf-8", "surrogatepass")).hexdigest()


def issue(
    *,
    owner: User,
    label: str,
    scopes: Iterable[str],
    topics: Iterable[int] = (),
    days: int | None = None,
    by: Caller | None = None,
) -> tuple[ApiToken, str]:
    """Make a token for `owner`; the row, and the token itself, which is never shown again.

    `topics` limits what it sees (none given: all within its owner's reach, see `policy.reach`);
    `days` is its life (default: API_TOKEN_DAYS). Raises Invalid for an unknown scope.
    """
    wanted = sorted(set(scopes))
    unknown = [scope for scope in wanted if scope not in SCOPES]
    if unknown or not wanted:
        raise Invalid(
            f"Unknown scope {unknown[0]!r}." if unknown else "A token needs at least one scope.",
            field="scopes",
        )
    plain = PREFIX + secrets.token_urlsafe(32)
    lifetime = timedelta(days=settings.API_TOKEN_DAYS if days is None else days)
    with transaction.atomic():
        token = ApiToken.objects.create(
            label=label,
            owner=owner,
            prefix=plain[:12],
            digest=_digest(plain),
            scopes=wanted,
            topics=sorted(set(topics)),
            expires_at=timezone.now() + lifetime,
        )
        trail.record("token_created", caller=by, object=f"token:{token.pk}")
    return token, plain


def _span_of_owner() -> Case:
    """`callers.span_of` the owner's roles, in SQL."""

    def one_of(roles: Iterable[Role]) -> Q:
        return Q(Exists(Group.objects.filter(user=OuterRef("owner_id"), name__in=roles)))

    return Case(
        When(owner__is_superuser=True, then=Value(Span.EVERYTHING.value)),
        *(When(one_of(roles), then=Value(span.value)) for roles, span in SPAN_OF_ROLES),
        default=Value(Span.NOTHING.value),
        output_field=CharField(),
    )


_LIVING = Prepared(
    lambda digest: (
        ApiToken.objects.select_related("owner__agent__credential")
        .annotate(owner_span=_span_of_owner())
        .defer("owner__agent__credential__secret", "owner__agent__credential__token")
        .defer("created_at", "owner__password", "owner__last_login", "owner__date_joined")
        .filter(digest=digest, revoked_at=None, owner__is_active=True)
    )
)


def caveat(token: ApiToken) -> str:
    """Why it opens less than its scopes say, by its owner; empty when it does not."""
    caller = caller_of(token.owner, token=token, source="ops")
    if caller.span is Span.NOTHING:
        return "Its owner has no role: it sees no chat."
    if caller.is_blind:
        return "Its owner has no linked SuperOffice account: until there is one, it sees no chat."
    if caller.span is Span.FACTS and {"transcripts", "personal"} & caller.scopes:
        return "Its owner's role shows neither texts nor addresses: nor does it."
    return ""


def find(plain: str) -> ApiToken | None:
    """The living token with this text; None when unknown, revoked or expired.

    In one statement with its owner, how far that one sees, and the owner's linked account: this is
    asked before every request. The account's secrets stay where they are until an action signs with
    them.
    """
    token = _LIVING.first(_digest(plain))
    now = timezone.now()
    if token is None or token.expires_at <= now:
        return None
    if token.last_used_at is None or now - token.last_used_at > NOTED_EVERY:
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
    return token


def revoke(token: ApiToken, *, by: Caller | None = None) -> None:
    """End a token; it is refused from the next request on."""
    with transaction.atomic():
        ApiToken.objects.filter(pk=token.pk, revoked_at=None).update(revoked_at=timezone.now())
        trail.record("token_revoked", caller=by, object=f"token:{token.pk}")


def rotate(token: ApiToken, *, by: Caller | None = None) -> tuple[ApiToken, str]:
    """A new token with the same rights; the old one ends at once."""
    with transaction.atomic():
        fresh = issue(
            owner=token.owner,
            label=token.label,
            scopes=token.scopes,
            topics=token.topics,
            by=by,
        )
        revoke(token, by=by)
    return fresh
