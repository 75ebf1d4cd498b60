"""Accept, reject, transfer: contract D.1 (9 to 11) and H.3."""

from chatops.demo.adapter import StandIn
from tests.demo.conftest import Cast


def test_accepting_an_offered_chat_makes_it_the_callers(office: StandIn, cast: Cast) -> None:
    chat = office.chat(offered_to="mia")
    answer = cast.mia.post(f"ChatSession/{chat.id}/AcceptTransfer")
    assert answer["User"]["AssociateId"] == 17
    assert not (answer["TransferTo"] or {}).get("AssociateId")
    assert "_Links" not in answer
    assert (chat.now.user, chat.now.transfer_to) == (17, None)


def test_accepting_what_nobody_offered_is_200_and_nothing(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="ola")
    answer = cast.mia.post(f"ChatSession/{chat.id}/AcceptTransfer")
    assert answer["User"]["AssociateId"] == 18
    assert office.effects("accept") == []


def test_a_chat_offered_to_somebody_else_cannot_be_accepted(office: StandIn, cast: Cast) -> None:
    chat = office.chat(offered_to="mia")
    answer = cast.sara.post(f"ChatSession/{chat.id}/AcceptTransfer")
    assert answer["TransferTo"]["AssociateId"] == 17
    assert chat.now.user == 18


def test_rejecting_leaves_the_chat_with_its_agent(office: StandIn, cast: Cast) -> None:
    chat = office.chat(offered_to="mia")
    cast.mia.post(f"ChatSession/{chat.id}/RejectTransfer")
    assert (chat.now.user, chat.now.transfer_to) == (18, None)
    assert chat.now.messages[-1].special == "TransferRejected"


def test_rejecting_for_somebody_else_changes_nothing(office: StandIn, cast: Cast) -> None:
    chat = office.chat(offered_to="mia")
    cast.sara.post(f"ChatSession/{chat.id}/RejectTransfer")
    assert chat.now.transfer_to == 17


def test_the_owner_offers_by_user_name_or_by_id(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    assert cast.mia.post(f"ChatSession/{chat.id}/TransferTo/ola")["TransferTo"]["EjUserId"] == 10
    assert cast.mia.post(f"ChatSession/{chat.id}/TransferTo/19")["TransferTo"]["EjUserId"] == 11
    assert chat.now.user == 17


def test_somebody_elses_chat_cannot_be_offered_not_even_by_a_manager(
    office: StandIn, cast: Cast
) -> None:
    chat = office.chat(user="mia")
    cast.kari.post(f"ChatSession/{chat.id}/TransferTo/ola")
    assert chat.now.transfer_to is None


def test_an_unknown_target_is_404(office: StandIn, cast: Cast) -> None:
    chat = office.chat(user="mia")
    answer = cast.mia.call("POST", f"ChatSession/{chat.id}/TransferTo/nobody")
    assert answer.status_code == 404
    assert answer.json()["ErrorType"] == "SoNotFoundException"


def test_a_session_that_is_not_there_is_404(cast: Cast) -> None:
    assert cast.mia.call("POST", "ChatSession/999999/AcceptTransfer").status_code == 404


def test_the_journal_tells_who_did_it_by_which_credential(office: StandIn, cast: Cast) -> None:
    chat = office.chat(offered_to="mia")
    cast.mia.post(f"ChatSession/{chat.id}/AcceptTransfer")
    effect = office.effects("accept", session=chat.id)[0]
    request = office.journal(kind="request")[-1]
    assert effect["user"] == "mia"
    assert request["credential"] == "Basic mia"
    assert request["number"] > effect["number"]
    assert "mia-demo" not in str(office.journal())
