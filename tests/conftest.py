"""What holds for every test: under CI a skipped test is a failed one."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator
from typing import Any

import pytest
from pages import headless_browser
from playwright.sync_api import Browser

#: Files whose tests share no costly fixture: a worker that is free takes them one by one.
_ONE_BY_ONE = {"test_cli.py", "test_cli_plan.py"}
UNDER_CI = os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep the tests of a file on one worker (``--dist loadgroup``), so that its fixtures are made once."""
    for item in items:
        if item.path.name not in _ONE_BY_ONE:
            item.add_marker(pytest.mark.xdist_group(item.path.name))


def _no_skip(report: Any) -> Any:
    if UNDER_CI and report.skipped:
        report.outcome = "failed"
        report.longrepr = f"{report.nodeid}: skipped, and CI skips nothing: {report.longrepr}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, Any, Any]:
    """Turn a test skipped at run time into a failure."""
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, Any, Any]:
    """Turn a module skipped while it is collected into a failure."""
    return _no_skip((yield))


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """One headless browser for all tests of a worker."""
    with headless_browser() as found:
        yield found
