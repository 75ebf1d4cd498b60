"""Who may import whom, and what happens in one place only: read from the source, nothing is run."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "chatops"

BELOW_ACTIONS = {"mirror", "remote", "superoffice"}
BELOW_REPORTS = BELOW_ACTIONS | {"actions", "sync", "notebook", "bulk"}
BELOW_SURFACES = BELOW_REPORTS | {"reports", "subscriptions"}
MAY_IMPORT: dict[str, set[str]] = {
    "superoffice": set(),
    # For those who build on our API: it knows what is on the wire and nothing of the rest.
    "client": set(),
    "demo": {"superoffice"},
    "mirror": {"superoffice"},
    "remote": {"superoffice", "demo"},
    "actions": BELOW_ACTIONS,
    "sync": BELOW_ACTIONS,
    # What people keep for themselves, and what is said about many sessions.
    "notebook": BELOW_ACTIONS | {"actions"},
    # The same done to many sessions, at SuperOffice or in the notebook.
    "bulk": BELOW_ACTIONS | {"actions", "notebook"},
    "reports": BELOW_REPORTS,
    # Follows the feed for other programs, as their owners may.
    "subscriptions": BELOW_ACTIONS | {"actions"},
    "console": BELOW_SURFACES,
    # The live stream stands outside of Django and gives its requests ids by the same rule.
    "api": BELOW_SURFACES | {"middleware"},
    # `serve` runs the application itself, which is glue.
    "ops": BELOW_SURFACES | {"demo", "asgi", "protocol"},
}
GLUE = {"settings", "urls", "wsgi", "asgi", "bridge", "celery", "middleware", "protocol"}

SPEAKS_HTTP = {"requests", "urllib3", "http.client", "urllib.request", "httpx", "aiohttp"}
MAKES_CONNECTIONS = {
    "requests.Session",
    "requests.get",
    "requests.post",
    "requests.request",
    "socket.create_connection",
    "urllib.request.urlopen",
    "http.client.HTTPConnection",
    "http.client.HTTPSConnection",
}
#: transport.py, and what it is made of.
THE_TRANSPORT = {
    "superoffice/transport.py",
    "superoffice/sending.py",
    "superoffice/exchange.py",
    "superoffice/wire.py",
}
#: Deliveries go to another remote under other rules: no sign-in, no gate, no repeats, one checked
#: address. In the transport they would only be exceptions.
TO_SUBSCRIBERS = "subscriptions/sending.py"
#: Django makes the site while it loads the apps; its screens can only be imported afterwards.
IMPORTS_LATE = {"console/site.py"}
MIRROR_MODELS = {
    "ChatTopic",
    "Associate",
    "TopicMember",
    "ChatSession",
    "SessionReading",
    "ChatMessage",
    "Change",
    "Head",
    "Drift",
}
WRITING = {
    "create",
    "bulk_create",
    "bulk_update",
    "get_or_create",
    "update_or_create",
    "update",
    "delete",
}


def sources(package: str) -> list[Path]:
    """A package's files."""
    folder = PROJECT / package
    return sorted(folder.rglob("*.py"))


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def imported(tree: ast.AST) -> Iterator[str]:
    """Every dotted name that is imported, `from a import b` as `a.b`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"a relative import hides where it goes: line {node.lineno}"
            yield from (f"{node.module}.{name.name}" for name in node.names)


def project_imports(path: Path) -> set[str]:
    """The packages of ours that a file imports."""
    parts = (name.split(".") for name in imported(tree_of(path)))
    return {part[1] for part in parts if part[0] == "chatops" and len(part) > 1}


def place(path: Path) -> str:
    return path.relative_to(PROJECT).as_posix()


def every_source() -> list[Path]:
    return [path for package in MAY_IMPORT for path in sources(package)]


@pytest.mark.parametrize(("package", "below"), MAY_IMPORT.items())
def test_imports_point_down(package: str, below: set[str]) -> None:
    wrong = {
        place(path): sorted(found)
        for path in sources(package)
        if (found := project_imports(path) - {package} - below)
    }
    assert not wrong


def test_every_package_has_its_layer() -> None:
    packages = {path.parent.name for path in PROJECT.glob("*/__init__.py")}
    modules = {path.stem for path in PROJECT.glob("*.py")} - {"__init__"}
    assert packages <= set(MAY_IMPORT)
    assert modules <= GLUE


def test_the_stand_in_is_known_to_wiring_ops_and_tests_only() -> None:
    knowing = {
        place(path) for path in every_source() if "demo" in project_imports(path) - {"superoffice"}
    }
    outside = {one for one in knowing if not one.startswith(("demo/", "ops/"))}
    assert outside <= {"remote/wiring.py"}


def test_the_client_library_and_the_stand_in_know_no_django() -> None:
    for path in [*sources("superoffice"), *sources("demo")]:
        roots = {name.split(".")[0] for name in imported(tree_of(path))}
        assert not roots & {"django", "rest_framework"}, place(path)


def test_only_the_client_library_speaks_http_to_others() -> None:
    speaking = {
        place(path)
        for path in every_source()
        if any(
            name == module or name.startswith(f"{module}.")
            for name in imported(tree_of(path))
            for module in SPEAKS_HTTP
        )
    }
    elsewhere = {
        one for one in speaking if not one.startswith(("superoffice/", "demo/", "client/"))
    }
    assert elsewhere <= {TO_SUBSCRIBERS}


def test_the_transport_alone_makes_sessions_and_connections() -> None:
    making = {
        place(path)
        for path in sources("superoffice")
        if any(
            isinstance(node, ast.ClassDef | ast.Call)
            and MAKES_CONNECTIONS & {ast.unparse(one) for one in made_by(node)}
            for node in ast.walk(tree_of(path))
        )
    }
    assert making <= THE_TRANSPORT


def made_by(node: ast.ClassDef | ast.Call) -> list[ast.expr]:
    """What a class is made of, or what a call calls."""
    return node.bases if isinstance(node, ast.ClassDef) else [node.func]


def test_only_the_mirror_writes_its_tables() -> None:
    writing = {
        f"{place(path)}: {call}"
        for path in every_source()
        if not place(path).startswith("mirror/")
        for call in writes_to_the_mirror(tree_of(path))
    }
    assert not writing


def writes_to_the_mirror(tree: ast.Module) -> list[str]:
    """Calls such as `ChatSession.objects.filter(…).update(…)`, and `ChatSession(…).save()`."""
    found = []
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
            continue
        if node.func.attr not in WRITING | {"save"}:
            continue
        start = ast.unparse(node.func).split(".")[0].split("(")[0]
        if start in MIRROR_MODELS:
            found.append(ast.unparse(node.func)[:80])
    return found


def test_no_import_hides_in_a_function() -> None:
    hidden = [
        f"{place(path)}:{inner.lineno}"
        for path in every_source()
        if place(path) not in IMPORTS_LATE
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for inner in ast.walk(node)
        if isinstance(inner, ast.Import | ast.ImportFrom)
        and any(name.startswith("chatops") for name in imported(inner))
    ]
    assert not hidden


@pytest.mark.parametrize("package", ["superoffice", "mirror", "sync", "actions"])
def test_nothing_below_the_surfaces_speaks_http_to_our_users(package: str) -> None:
    for path in sources(package):
        names = set(imported(tree_of(path)))
        assert not any(name.startswith("rest_framework") for name in names), place(path)
        assert not any(name.startswith("django.http") for name in names), place(path)


def test_our_parts_call_each_other_directly_and_not_by_signal() -> None:
    for path in every_source():
        names = set(imported(tree_of(path)))
        assert not any(name.startswith("django.dispatch") for name in names), place(path)
