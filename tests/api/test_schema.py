"""The OpenAPI document is current, exact where it is tried, and served without any other host."""

import json
import re
from pathlib import Path
from typing import Any

import jsonschema  # type: ignore[import-untyped]  # its authors ship none
import pytest
import yaml
from django.contrib.staticfiles import finders
from django.test import Client

from chatops.api import schema
from chatops.demo.adapter import StandIn
from tests.api.conftest import Mirrored, Program

#: What was published; `publish` adds what is new to it.
PROMISED = Path(__file__).with_name("promises.txt")
METHODS = {"get", "post", "patch", "put", "delete"}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(schema.PLACE.read_text())
    return found


def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        f"{method.upper()} {path}": operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if method in METHODS
    }


def test_the_file_is_what_the_views_say(document: dict[str, Any]) -> None:
    """A change of this file is a change for programs. Fields and routes are added, never taken."""
    assert schema.text_of(schema.made()) == schema.PLACE.read_text()


def promises(document: dict[str, Any]) -> set[str]:
    """What programs may rely on, a line each: operations, parameters, statuses, properties."""
    found = set()
    for name, operation in operations(document).items():
        found.add(name)
        found |= {f"{name} takes {one['name']}" for one in operation.get("parameters", ())}
        found |= {f"{name} answers {status}" for status in operation["responses"]}
        found |= {f"{name} reads {kind}" for kind in _contents(operation.get("requestBody", {}))}
    for name, shape in document["components"]["schemas"].items():
        for field, kind in shape.get("properties", {}).items():
            found.add(f"{name}.{field}: {kind.get('type', kind.get('$ref', 'anything'))}")
    return found


def demands(document: dict[str, Any]) -> set[str]:
    """What programs have to send, a line each."""
    return {
        f"{name} demands {one['name']}"
        for name, operation in operations(document).items()
        for one in operation.get("parameters", ())
        if one.get("required")
    } | {
        f"{name} demands {field}"
        for name in ("Operation", "MergePatch")
        for field in document["components"]["schemas"][name].get("required", ())
    }


def _contents(part: dict[str, Any]) -> list[str]:
    return list(part.get("content", {}))


def test_what_was_promised_is_kept_and_no_more_is_demanded(document: dict[str, Any]) -> None:
    """`promises.txt` holds what was published. Lines are added to it; taking one away, or adding
    one that demands something, breaks programs."""
    kept = set(PROMISED.read_text().splitlines())
    assert {one for one in kept if " demands " not in one} <= promises(document)
    assert demands(document) <= {one for one in kept if " demands " in one}


def test_it_is_openapi_3_1_with_every_route(document: dict[str, Any]) -> None:
    assert document["openapi"] == "3.1.0"
    session = "/api/v1/sessions/{session_id}/"
    assert {
        "GET /api/v1/sessions/",
        f"GET {session}",
        f"PATCH {session}",
        f"GET {session}messages/",
        f"POST {session}messages/",
        f"POST {session}accept-transfer/",
        f"POST {session}reject-transfer/",
        f"POST {session}pick-up/",
        f"POST {session}reset/",
        f"POST {session}transfer/",
        "POST /api/v1/sessions/pick-up-next/",
        f"GET {session}transcript/",
        f"POST {session}refresh/",
        "GET /api/v1/messages/",
        "GET /api/v1/topics/",
        "GET /api/v1/agents/",
        "GET /api/v1/actions/",
        "GET /api/v1/actions/{action_id}/",
        "GET /api/v1/changes/",
        "GET /api/v1/subscriptions/",
        "GET /api/v1/mirror/",
    } <= set(operations(document))


def test_every_operation_names_its_problems_and_its_answer(document: dict[str, Any]) -> None:
    for name, operation in operations(document).items():
        answers = operation["responses"]
        assert {"200", "201", "204"} & set(answers), name
        assert {"401", "403", "429", "500"} <= set(answers), name
        assert "Scope: `" in operation["description"], name
        keyless = name.startswith("GET") or any(
            word in name for word in ("refresh", "close", "subscriptions")
        )
        if not keyless:
            required = [
                one["name"] for one in operation.get("parameters", ()) if one.get("required")
            ]
            assert "Idempotency-Key" in required, name


def test_references_lead_somewhere(document: dict[str, Any]) -> None:
    for reference in set(re.findall(r'"\$ref": "#/([^"]+)"', json.dumps(document))):
        found = document
        for part in reference.split("/"):
            found = found[part]


def test_examples_are_what_their_schemas_say(document: dict[str, Any]) -> None:
    tried = 0
    for name, operation in operations(document).items():
        parts = [operation.get("requestBody", {}), *operation["responses"].values()]
        for part in parts:
            for media in part.get("content", {}).values():
                for example in media.get("examples", {}).values():
                    validate(document, media["schema"], example["value"], name)
                    tried += 1
    assert tried >= 20


def validate(document: dict[str, Any], shape: Any, value: Any, name: str) -> None:
    whole = {"components": document["components"], **shape}
    checker = jsonschema.Draft202012Validator(
        whole, format_checker=jsonschema.Draft202012Validator.FORMAT_CHECKER
    )
    wrong = [error.message for error in checker.iter_errors(value)]
    assert not wrong, (name, wrong)


def test_real_answers_are_what_the_document_says(
    document: dict[str, Any], superoffice: StandIn, api: Program, mirrored: Mirrored
) -> None:
    chat = superoffice.chat(user="mia", messages=["Hi"])
    waiting = superoffice.chat(topic=7)
    mirrored(chat.id, waiting.id)
    sent = api.post(f"sessions/{chat.id}/messages/", {"message": "Hello"})
    paths = {
        "sessions/": "GET /api/v1/sessions/",
        f"sessions/{chat.id}/?expand=carrier,messages": "GET /api/v1/sessions/{session_id}/",
        f"sessions/{chat.id}/messages/": "GET /api/v1/sessions/{session_id}/messages/",
        "messages/?search=hi": "GET /api/v1/messages/",
        "topics/": "GET /api/v1/topics/",
        "agents/": "GET /api/v1/agents/",
        "actions/": "GET /api/v1/actions/",
        f"actions/{sent.json['id']}/": "GET /api/v1/actions/{action_id}/",
        "changes/?after=0": "GET /api/v1/changes/",
        "mirror/": "GET /api/v1/mirror/",
    }
    known = operations(document)
    for path, name in paths.items():
        answer = api.get(path)
        assert answer.status == 200, path
        shape = known[name]["responses"]["200"]["content"]["application/json"]["schema"]
        validate(document, shape, answer.json, name)
    for answer in (api.get("sessions/999/"), api.post(f"sessions/{chat.id}/pick-up/")):
        validate(document, {"$ref": "#/components/schemas/Problem"}, answer.json, "problem")
    unknown = set(api.get(f"sessions/{chat.id}/").json) - set(
        document["components"]["schemas"]["Session"]["properties"]
    )
    assert not unknown


def test_it_is_served_as_json_and_as_yaml(document: dict[str, Any], db: None) -> None:
    client = Client()
    assert client.get("/api/schema/").json() == document
    assert yaml.safe_load(client.get("/api/schema/?format=yaml").content) == document
    assert yaml.safe_load(client.get("/api/schema/", headers={"Accept": "text/yaml"}).content)
    assert client.get("/api/schema/?format=pdf").status_code == 422


def test_the_pages_ask_no_other_host_and_run_nothing_inline(db: None) -> None:
    page = Client().get("/api/docs/")
    text = page.content.decode()
    assert page.status_code == 200
    assert not re.search(r"""(?:src|href)=["'](?:https?:)?//""", text)
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>\s*\S", text)
    for address in re.findall(r'(?:src|href)="(/static/[^"]+)"', text):
        assert finders.find(address.removeprefix("/static/")), address
    script = re.search(r'src="(/api/docs/\?script=)"', text)
    assert script
    assert "/api/schema/" in Client().get(script[1]).content.decode()
    policy = page["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe-eval" not in policy
    assert "http" not in policy
    # Only there: everything else keeps the strict policy.
    assert "unsafe-inline" not in Client().get("/api/v1/")["Content-Security-Policy"]


def publish() -> None:
    """Add what is new to the promises (`manage.py shell`, then call this)."""
    published = json.loads(schema.PLACE.read_text())
    every = {*PROMISED.read_text().splitlines(), *promises(published), *demands(published)}
    PROMISED.write_text("\n".join(sorted(every)) + "\n")
