"""Generated requests against the OpenAPI document: nothing undocumented, nothing of ours fails."""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django.fixtures import Settings

from chatops.actions.callers import SCOPES
from chatops.api import schema as openapi
from chatops.demo.adapter import StandIn
from tests.api.conftest import MakeProgram, Mirrored, Program
from tests.conftest import MakePerson, Person

schemathesis = pytest.importorskip("schemathesis", reason="needs the extra `contract`")
checks = pytest.importorskip("schemathesis.checks", reason="needs the extra `contract`")
transport = pytest.importorskip("schemathesis.core.transport", reason="the same")
import_module("tests.contract.checks")  # registers ours, once schemathesis is known to be there

#: More of them: `CONTRACT_EXAMPLES=200 pytest tests/api/test_contract.py`.
EXAMPLES = int(os.environ.get("CONTRACT_EXAMPLES", "6"))
DOCUMENT: dict[str, Any] = json.loads(openapi.PLACE.read_text())
OPERATIONS = [
    (method, path)
    for path, methods in DOCUMENT["paths"].items()
    for method in methods
    if path != "/api/v1/changes/stream/"  # never ends, and is not served by Django
]
#: All of schemathesis's but these; `make contract` has them, too.
LEFT_OUT = {
    "positive_data_acceptance": "`valid_data_is_accepted` is the same, less what no schema can say",
    "ignored_auth": "it asks again by itself, over a network that is not here",
    "use_after_free": "it looks at what was asked before: requests here stand alone",
    "what_is_deleted_is_gone": "the same",
    "ensure_resource_availability": "the same",
    "object_level_authorization": "tests/api/test_matrix.py asks as other callers",
}


@dataclass
class Scene:
    """Who calls, and ids that exist: they are put into half of the generated paths."""

    callers: list[Program]
    session: int
    action: int
    subscription: int


@pytest.fixture
def scene(
    superoffice: StandIn,
    kari: Person,
    mia: Person,
    person: MakePerson,
    program: MakeProgram,
    at_console: Callable[[Person], Program],
    mirrored: Mirrored,
    settings: Settings,
) -> Scene:
    settings.SUBSCRIPTION_ALLOWED_HOSTS = ["127.0.0.1"]
    chat = superoffice.chat(user="kari", topic=7, messages=["Hi"])
    mirrored(chat.id, superoffice.chat(topic=7).id)
    lead = program(kari)
    sent = lead.post(f"sessions/{chat.id}/messages/", {"message": "Hello"})
    # Nobody listens there: what is delivered in a test is refused at once.
    subscribed = lead.post("subscriptions/", {"url": "http://127.0.0.1:9/"})
    others = (person(name, name, link=False) for name in ("auditor", "operator"))
    callers = [lead, program(mia, *SCOPES), program(mia, "read", topics=[7])]
    callers += map(at_console, (kari, mia, *others))
    return Scene(callers, chat.id, sent.json["id"], subscribed.json["id"])


def answered(case: Any, caller: Program) -> Any:
    """Send a generated case through Django's test client; the answer as schemathesis takes it."""
    kwargs = case.as_transport_kwargs(base_url="http://testserver", headers=caller.headers)
    sent = requests.Request(**kwargs).prepare()
    body = sent.body.encode() if isinstance(sent.body, str) else sent.body or b""
    headers = {name: _text(value) for name, value in sent.headers.items()}
    headers.pop("Accept-Encoding", None)  # a real client would unpack what is compressed
    kind = headers.pop("Content-Type", "application/octet-stream")
    answer = caller.client.generic(str(sent.method), sent.path_url, body, kind, headers=headers)
    return transport.Response(
        status_code=answer.status_code,
        headers={name: [value] for name, value in answer.items()},
        content=answer.content,
        request=sent,
        elapsed=0.0,
        verify=True,
    )


def _text(value: str | bytes) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else value


@pytest.mark.parametrize(("method", "path"), OPERATIONS, ids=[" ".join(o) for o in OPERATIONS])
def test_generated_requests_get_documented_answers(scene: Scene, method: str, path: str) -> None:
    schema = schemathesis.openapi.from_dict(DOCUMENT)
    operation = schema[path][method.upper()]
    every = {check.__name__: check for check in checks.CHECKS.get_all()}
    assert "valid_data_is_accepted" in every
    assert every.keys() >= LEFT_OUT.keys()
    wanted = [check for name, check in every.items() if name not in LEFT_OUT]
    fitting, wrong = (
        operation.as_strategy(generation_mode=schemathesis.GenerationMode[mode])
        for mode in ("POSITIVE", "NEGATIVE")
    )

    @examples(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(case=fitting | wrong, real=st.booleans(), caller=st.sampled_from(scene.callers))
    def ask(case: Any, real: bool, caller: Program) -> None:
        if real and case.path_parameters:
            held = {
                "session_id": scene.session,
                "action_id": scene.action,
                "subscription_id": scene.subscription,
            }
            case.path_parameters |= {name: held[name] for name in case.path_parameters}
        case.validate_response(answered(case, caller), checks=wanted)

    ask()
