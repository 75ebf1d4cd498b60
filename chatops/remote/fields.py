"""Text that is encrypted before it reaches the database."""

from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import models


class SecretUnreadable(Exception):
    """The stored secret was encrypted with a key that is not in FIELD_KEYS."""


@lru_cache(maxsize=4)
def _fernet(keys: tuple[str, ...]) -> MultiFernet:
    return MultiFernet([Fernet(key) for key in keys])


def fernet() -> MultiFernet:
    """The keys of FIELD_KEYS: the first encrypts, all decrypt."""
    return _fernet(tuple(settings.FIELD_KEYS))


if TYPE_CHECKING:
    TextField = models.TextField[str, str]
else:  # Django's fields take no parameters at run time
    TextField = models.TextField


class EncryptedTextField(TextField):
    """A text stored encrypted. An empty text stays empty, so that "no secret" can be queried."""

    def get_prep_value(self, value: Any) -> Any:
        if not value:
            return ""
        return fernet().encrypt(str(value).encode()).decode()

    def from_db_value(self, value: str | None, expression: object, connection: object) -> str:
        if not value:
            return ""
        try:
            return fernet().decrypt(value.encode()).decode()
        except InvalidToken:
            raise SecretUnreadable("A stored secret does not fit any key in FIELD_KEYS.") from None
