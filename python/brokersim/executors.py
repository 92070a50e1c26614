"""Executors of other engines. Dask needs none: `sweep(..., executor=client)` takes its client as it is."""
from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, Future
from typing import Any


class _RayExecutor(Executor):
    """Each call a Ray task of one processor."""

    def __init__(self, ray: Any):
        self._call = ray.remote(num_cpus=1)(_call)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = self._call.remote(fn, args, kwargs).future()
        return future


def _call(fn: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    return fn(*args, **kwargs)


def ray_executor() -> Executor:
    """An executor for `sweep` whose runs are tasks of the Ray cluster that this process is connected to (`ray.init`).

    Workers need brokersim installed. Raises ImportError where Ray is not installed, RuntimeError if it is not
    initialised."""
    import ray

    if not ray.is_initialized():
        raise RuntimeError("Ray is not initialised; call ray.init() first")
    return _RayExecutor(ray)
