"""One house and one Chromium for all journeys; skipped in one line where there is no Chromium."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

MISSING = "no Chromium here (apt-get install chromium)"
try:
    from tests.browser import house as building
except ModuleNotFoundError as error:  # playwright belongs to an extra of its own
    if not (error.name or "").startswith("playwright"):
        raise
    pytest.skip(f"{error.name} is not installed", allow_module_level=True)

MakeWindow = Callable[..., "building.Window"]


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator["building.House"]:
    if not building.chromium():
        if os.environ.get("CI_NOTHING_SKIPPED"):
            pytest.fail(MISSING)
        pytest.skip(MISSING)
    folder: Path = tmp_path_factory.mktemp("house")
    with building.opened(folder) as house:
        yield house


@pytest.fixture(scope="session")
def chromium(house: "building.House") -> Iterator[Any]:
    with building.chromium_running() as browser:
        yield browser


@pytest.fixture
def window(house: "building.House", chromium: Any) -> Iterator[MakeWindow]:
    """Makes windows; at the end none of them may have complained."""
    windows: list[building.Window] = []

    def make(**more: Any) -> "building.Window":
        windows.append(building.Window(house, chromium, **more))
        return windows[-1]

    yield make
    complaints = [line for one in windows for line in one.complaints]
    for one in windows:
        one.close()
    assert complaints == []
