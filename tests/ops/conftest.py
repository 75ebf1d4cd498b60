"""Places for a running chatops, on the database that the tests run on."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.db import connection

from tests.ops.place import Place


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """On PostgreSQL a place's rows are seen by other processes: no transaction around its test."""
    for item in items:
        if "make_place" in getattr(item, "fixturenames", ()) and connection.vendor == "postgresql":
            item.add_marker(pytest.mark.django_db(transaction=True))


@pytest.fixture(scope="session")
def _migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty SQLite database with every table, to be copied."""
    folder = tmp_path_factory.mktemp("migrated")
    path = folder / "chatops.sqlite3"
    done = Place(folder, f"sqlite:///{path}").manage("migrate", "-v0")
    assert done.returncode == 0, done.stderr
    return path


@pytest.fixture
def make_place(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Place]]:
    """Makes a place with these settings; all its processes end with the test."""
    made: list[Place] = []
    database_url = _database_url(tmp_path, request)

    def make(**settings: str) -> Place:
        place = Place(tmp_path, database_url, settings)
        made.append(place)
        return place

    yield make
    for place in made:
        place.end()


def _database_url(folder: Path, request: pytest.FixtureRequest) -> str:
    if connection.vendor == "postgresql":
        one = connection.settings_dict
        login = f"{one['USER']}:{one['PASSWORD']}" if one["PASSWORD"] else one["USER"]
        return f"postgres://{login}@{one['HOST']}:{one['PORT']}/{one['NAME']}"
    path = folder / "chatops.sqlite3"
    shutil.copy(request.getfixturevalue("_migrated"), path)
    return f"sqlite:///{path}"


@pytest.fixture
def place(make_place: Callable[..., Place]) -> Place:
    """A place where nothing is configured, with the demo's port out of everybody's way."""
    return make_place()
