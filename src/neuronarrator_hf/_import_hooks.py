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
    """Finds by the other finders, and has the loader of a watched module tell when it has been executed."""

    def __init__(self) -> None:
        self.hooks: dict[str, list[Hook]] = {}
        self.prefixes: tuple[str, ...] = ()
        self.when_complete: list[Callable[[], object]] = []
        self.n_executing = 0

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """The spec that the next finder gives, for a module that somebody waits for."""
        if name not in self.hooks and not name.startswith(self.prefixes):
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
            if module.__name__ != spec.name:  # a loader of an archive serves all of its modules
                execute(module)
                return
            self.n_executing += 1
            try:
                execute(module)
            finally:
                self.n_executing -= 1
            for hook in self.hooks.pop(spec.name, ()):
                hook(module)
            self.tell_complete()

        loader.exec_module = exec_module  # type: ignore[union-attr, method-assign]

    def tell_complete(self) -> None:
        """Call what waits for the end of all imports, unless one goes on."""
        if not self.n_executing:
            for hook in self.when_complete:
                hook()


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
    _finder.hooks.setdefault(name, []).append(hook)
    _install()


def call_when_complete(hook: Callable[[], object], prefixes: tuple[str, ...]) -> None:
    """Call `hook` each time no module below `prefixes` is half imported any more, first of all now.

    Args:
        hook: Called without arguments; what it raises is raised by the import.
        prefixes: Beginnings of full names.
    """
    _finder.prefixes += prefixes
    _finder.when_complete.append(hook)
    _install()
    _finder.tell_complete()


def _install() -> None:
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
