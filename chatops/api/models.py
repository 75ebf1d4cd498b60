"""One small table of the surface's own: how much of its allowance a caller has used."""

from django.db import models


class Allowance(models.Model):
    """Requests taken by a caller in a minute, by all processes together. One row per caller."""

    #: `token:7` or `user:3`.
    caller = models.CharField(max_length=40, primary_key=True)
    #: Minutes since the epoch.
    minute = models.BigIntegerField()
    used = models.IntegerField()

    def __str__(self) -> str:
        return f"{self.caller}: {self.used}"
