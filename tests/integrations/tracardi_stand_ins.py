"""Stand-ins for the classes of Tracardi that the plugin is derived from.

Written from the described interface: what a plugin is made of, and what a runner does
with it. With Tracardi's own source on the path, `test_tracardi_itself.py` uses the real ones.
"""

import sys
import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import BaseModel, ConfigDict

_PLUGIN = "sealift.integrations.tracardi.plugin"


class PluginConfig(BaseModel):
    model_config = ConfigDict(frozen=True)


class Result(BaseModel):
    model_config = ConfigDict(frozen=True)
    port: str
    value: dict[str, Any] | None = None


class Console:
    def __init__(self) -> None:
        self.errors: list[str] = []

    def error(self, item: str) -> None:
        self.errors.append(item)


class ActionRunner:
    console: Console | None = None

    async def set_up(self, init: Any) -> None: ...
    async def run(self, payload: Any, in_edge: Any = None) -> Any: ...
    async def close(self) -> None: ...


class Loose(types.SimpleNamespace):
    """Keeps whatever it is described with."""


def _module(name: str, **content: Any) -> types.ModuleType:
    module = types.ModuleType(name)
    vars(module).update(content)
    return module


@contextmanager
def tracardi_stand_ins() -> Iterator[None]:
    """Let `import tracardi...` find the stand-ins until the block ends."""
    described = ("Documentation", "Form", "FormComponent", "FormField", "FormGroup", "MetaData")
    described += ("Plugin", "PortDoc", "Spec")
    packages = ("", ".service", ".service.plugin", ".service.plugin.domain")
    modules = [_module(f"tracardi{package}", __path__=[]) for package in packages]
    modules += [
        _module("tracardi.service.plugin.runner", ActionRunner=ActionRunner),
        _module("tracardi.service.plugin.domain.config", PluginConfig=PluginConfig),
        _module("tracardi.service.plugin.domain.result", Result=Result),
        _module("tracardi.service.plugin.domain.register", **dict.fromkeys(described, Loose)),
    ]
    before = {name: one for name, one in sys.modules.items() if name.startswith("tracardi")}
    sys.modules.update({one.__name__: one for one in modules})
    sys.modules.pop(_PLUGIN, None)
    try:
        yield
    finally:
        for one in modules:
            del sys.modules[one.__name__]
        sys.modules.pop(_PLUGIN, None)
        sys.modules.update(before)


async def run_event(plugin_class: Any, init: Any, payload: Any) -> tuple[Any, Console]:
    """Run one event as Tracardi does: a new instance, set up, run, closed."""
    plugin = plugin_class()
    plugin.console = Console()
    await plugin.set_up(init)
    try:
        return await plugin.run(payload), plugin.console
    finally:
        await plugin.close()
