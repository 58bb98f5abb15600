"""What the package of a plug-in imports: of this program nothing but the module for plug-ins."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PUBLIC = "ports.plugins"
OWN = frozenset({"core", "ports", "adapters", "entrypoints"})
"""The top-level packages of this program."""


def module_of(opener: Callable[..., Any]) -> str:
    """Return the module that defines a function, which may be wrapped, or an object that can be called."""
    function = getattr(opener, "func", opener)
    return getattr(function, "__module__", None) or type(function).__module__


def is_built_in(module: str) -> bool:
    return module.partition(".")[0] in OWN


def package_folder(module: str) -> Path:
    """Return the folder of the package that a module belongs to; the module's own file if it is in none."""
    file = getattr(sys.modules[module], "__file__", None)
    assert file is not None, f"{module} has no file"
    path = Path(file)
    folder = path.parent
    if not (folder / "__init__.py").exists():
        return path
    while (folder.parent / "__init__.py").exists():
        folder = folder.parent
    return folder


def forbidden_imports(path: Path) -> Iterator[str]:
    """Yield what the files below a folder, or one file, import of this program besides the public module."""
    for file in sorted(path.rglob("*.py")) if path.is_dir() else [path]:
        for node in ast.walk(ast.parse(file.read_bytes())):
            for name in _imported(node):
                if name.partition(".")[0] in OWN and name != PUBLIC:
                    yield f"{file.name}:{getattr(node, 'lineno', 0)} imports {name}"


def _imported(node: ast.AST) -> Iterator[str]:
    match node:
        case ast.Import(names=names):
            yield from (alias.name for alias in names)
        case ast.ImportFrom(module="ports", names=names, level=0):
            yield from (f"ports.{alias.name}" for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module
