"""`pytest --planted ack_before_replication` tests a broker with that bug instead: how the tests look when they are red."""
from typing import Any

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--planted", default=None, help="a bug to switch on in every broker (`brokersim schema` lists them)")


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> dict[str, Any]:
    """Overrides that make the broker under test."""
    planted = request.config.getoption("--planted")
    return {"/systems/kafka/rules/planted": [planted]} if planted else {}
