"""Which modules of this program a package imports: a plug-in imports only `ports.plugins`."""

import ast
from collections.abc import Iterator
from pathlib import Path

PUBLIC = "ports.plugins"
OWN_PACKAGES = frozenset({"core", "ports", "adapters", "entrypoints"})
_IMPORTERS = frozenset({"import_module", "__import__"})


def forbidden_imports(folder: Path) -> list[str]:
    """List the imports of a package that reach into this program beside the public module, as "file:line: module"."""
    return [
        f"{file.relative_to(folder)}:{line}: {module}"
        for file in sorted(folder.rglob("*.py"))
        for line, module in _imported(ast.parse(file.read_text("utf-8")))
        if module.partition(".")[0] in OWN_PACKAGES and module != PUBLIC
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
