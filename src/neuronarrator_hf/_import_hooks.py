"""What is to be done when a module of another package has been imported, without importing it (PEP 451).

Part of what `import neuronarrator_hf` runs, so it needs nothing that Python has not loaded at its start.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType

Hook = Callable[[ModuleType], object]


class _Finder:
    """Finds by the other finders, and has the loader of an awaited module call its hooks."""

    def __init__(self) -> None:
        self.hooks: dict[str, list[Hook]] = {}

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the next finder gives, for a module that somebody waits for."""
        if name not in self.hooks:
            return None
        for finder in sys.meta_path:
            spec = None if finder is self else finder.find_spec(name, path, target)
            if spec is not None:
                if spec.loader is not None:
                    self._watch(spec)
                return spec
        return None

    def _watch(self, spec: ModuleSpec) -> None:
        loader, execute = spec.loader, spec.loader.exec_module  # type: ignore[union-attr]

        def exec_module(module: ModuleType) -> None:
            execute(module)
            if module.__name__ == spec.name:  # a loader of an archive serves all of its modules
                for hook in self.hooks.pop(spec.name, ()):
                    hook(module)

        loader.exec_module = exec_module  # type: ignore[union-attr, method-assign]


_finder = _Finder()


def call_when_imported(hook: Hook, name: str) -> None:
    """Call `hook` with a module once that has been executed, or now where it has been already.

    Args:
        hook: Called with the module; what it raises is raised by the import.
        name: Full name of the module.
    """
    if name in sys.modules:
        hook(sys.modules[name])
        return
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    _finder.hooks.setdefault(name, []).append(hook)
