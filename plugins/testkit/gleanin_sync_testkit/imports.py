"""What the package of a plug-in imports: of this program nothing but the module for plug-ins."""

import ast
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

PUBLIC = "ports.plugins"
_IMPORTERS = frozenset({"import_module", "__import__"})
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


def forbidden_imports(path: Path) -> list[str]:
    """List what the files below a folder, or one file, import of this program beside the public module.

    Each is "file:line: module", with the file's path below the folder.
    """
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    folder = path if path.is_dir() else path.parent
    return [
        f"{file.relative_to(folder)}:{line}: {module}"
        for file in files
        for line, module in _imported(ast.parse(file.read_bytes()))
        if module.partition(".")[0] in OWN and module != PUBLIC
    ]


def _imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Yield each imported module with its line, also those that are imported by name while the program runs."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                for alias in names:
                    yield node.lineno, alias.name
            case ast.ImportFrom(module=str(module), names=names, level=0):
                for alias in names:
                    # `from ports import plugins` imports the public module, and `from ports import source` another one.
                    whole = f"{module}.{alias.name}"
                    yield node.lineno, whole if module == PUBLIC.partition(".")[0] else module
            case ast.Call(func=function, args=[ast.Constant(value=str(module)), *_]):
                name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
                if name in _IMPORTERS:
                    yield node.lineno, module
