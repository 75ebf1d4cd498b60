"""Signing in by password, with a limit on guessing that all processes share."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.admin.forms import AdminAuthenticationForm
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from chatops.console.models import SignInAttempt

#: How far back failed sign-ins count.
WINDOW = timedelta(minutes=15)
#: Failures of one account from one address, and of all accounts from it.
MOST_FOR_ACCOUNT = 10
MOST_FOR_ADDRESS = 50


def address_of(request: HttpRequest) -> str:
    """Where a request came from; behind a proxy of ours what that proxy saw, not what was told."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = request.headers.get("X-Forwarded-For", "").rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))


def _hashed(kind: str, text: str) -> str:
    # Only compared here: a new SECRET_KEY merely starts the counting anew.
    return salted_hmac(f"chatops.console.entering.{kind}", text, algorithm="sha256").hexdigest()


def begin(name: str, address: str) -> SignInAttempt | int:
    """Count an attempt before the password is looked at; the minutes to wait when it is too many.

    Counting first makes the limit hold also for guesses that come at the same moment.
    """
    now = timezone.now()
    SignInAttempt.objects.filter(at__lt=now - WINDOW).delete()
    account, place = _hashed("account", name.casefold()), _hashed("address", address)
    attempt = SignInAttempt.objects.create(account=account, address=place, at=now)
    earlier = SignInAttempt.objects.filter(address=place, pk__lt=attempt.pk)
    for rows, most in (
        (earlier.filter(account=account), MOST_FOR_ACCOUNT),
        (earlier, MOST_FOR_ADDRESS),
    ):
        counted = list(rows.order_by("-id").values_list("at", flat=True)[:most])
        if len(counted) == most:
            attempt.delete()  # what was not looked at does not make the wait longer
            return max(1, -int((now - counted[-1] - WINDOW).total_seconds() // 60))
    return attempt


def succeeded(attempt: SignInAttempt) -> None:
    """Forget the failures of an account at this address: whoever knows the password may err."""
    SignInAttempt.objects.filter(account=attempt.account, address=attempt.address).delete()


class SignInForm(AdminAuthenticationForm):
    """Django's form, with the limit, and with words that say what to do."""

    error_messages = {  # noqa: RUF012  # Django's own attribute, of this type
        "invalid_login": _(
            "User name and password do not belong together. Try again; an operator can give you "
            "a new password."
        ),
        "inactive": _("This account is switched off. An operator can switch it on."),
    }

    def clean(self) -> dict[str, Any]:
        name = self.cleaned_data.get("username") or ""
        address = address_of(self.request) if self.request else ""
        attempt = begin(name, address)
        if isinstance(attempt, int):
            raise forms.ValidationError(
                ngettext(
                    "Too many failed sign-ins. Wait %(n)s minute, then try again.",
                    "Too many failed sign-ins. Wait %(n)s minutes, then try again.",
                    attempt,
                )
                % {"n": attempt},
                code="too_many",
            )
        cleaned: dict[str, Any] = super().clean()
        succeeded(attempt)
        return cleaned

    def get_invalid_login_error(self) -> forms.ValidationError:
        return forms.ValidationError(self.error_messages["invalid_login"], code="invalid_login")
