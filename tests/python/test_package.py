"""The package as such: what it exports, documents and ships."""
import inspect
from pathlib import Path

import brokersim


def test_every_public_name_is_there_and_documented():
    for name in brokersim.__all__:
        value = getattr(brokersim, name)
        if inspect.isfunction(value) or inspect.isclass(value):
            assert inspect.getdoc(value), name


def test_every_parameter_is_typed():
    for function in (brokersim.run, brokersim.sweep, brokersim.check):
        signature = inspect.signature(function)
        assert all(p.annotation is not p.empty for p in signature.parameters.values()), function
        assert signature.return_annotation is not signature.empty


def test_types_are_shipped():
    folder = Path(brokersim.__file__).parent
    assert (folder / "py.typed").exists() and (folder / "_brokersim.pyi").exists()


def test_schema_is_that_of_the_repository(scenarios):
    import json
    assert brokersim.schema() == json.loads((scenarios / "schema/scenario.schema.json").read_text())


def test_metrics_have_names_and_meanings():
    metrics = brokersim.metrics()
    assert "records.lost_acknowledged" in metrics and all(metrics.values())


def test_version_is_that_of_the_project():
    root = Path(__file__).resolve().parents[2]
    assert f'version = "{brokersim.__version__}"' in (root / "pyproject.toml").read_text()
