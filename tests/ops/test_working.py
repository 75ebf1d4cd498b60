"""Whom the worker asks as, besides the service."""

from chatops.demo.adapter import StandIn
from chatops.ops import working
from chatops.remote import linking
from chatops.sync import screens
from tests.conftest import Person


def test_who_unlinks_their_account_meanwhile_is_left_out_and_nobody_else(
    superoffice: StandIn, mia: Person, ola: Person, kari: Person
) -> None:
    for one in (mia, ola, kari):
        screens.here(one.user.agent.pk)
    asked_as = working.agents_at_the_screen()
    found = [next(asked_as).client]
    linking.unlink(ola.user)
    found += [one.client for one in asked_as]
    ids = {one.associates.current_principal().associate_id for one in found}
    assert ids == {mia.associate_id, kari.associate_id}
