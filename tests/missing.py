"""What a test needs and this machine lacks: skipped, with one line saying why.

With CI_NOTHING_SKIPPED=1 a skipped test is a failed one: there everything has to be installed.
"""

import importlib.util
import os
import shutil
from collections.abc import Generator
from typing import Any

import pytest
from django.db import connection

NOTHING_SKIPPED = bool(os.environ.get("CI_NOTHING_SKIPPED"))
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def browser() -> str | None:
    """Where Chromium is; None when it is not installed."""
    return next((found for one in BROWSERS if (found := shutil.which(one))), None)


def _reason(item: pytest.Item) -> str | None:
    """Why a test cannot run here; None when it can."""
    if item.get_closest_marker("postgres") and connection.vendor != "postgresql":
        return "runs on PostgreSQL: `make test-postgres`"
    if item.get_closest_marker("sqlite") and connection.vendor != "sqlite":
        return "runs on SQLite: `make test`"
    if item.get_closest_marker("browser"):
        if importlib.util.find_spec("playwright") is None:
            return "needs playwright"
        if browser() is None:
            return "needs Chromium: apt-get install chromium"
    if item.get_closest_marker("celery"):
        if importlib.util.find_spec("celery") is None:
            return "needs Celery"
        if shutil.which("redis-server") is None:
            return "needs Redis: apt-get install redis-server"
    return None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if reason := _reason(item):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
    report = yield
    if NOTHING_SKIPPED and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped: {report.longrepr[2]}"
    return report
