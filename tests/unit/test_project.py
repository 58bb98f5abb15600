"""The project's packaging: import names, layers, lock files, and that it is not uploaded to an index."""

import tomllib
from configparser import ConfigParser
from importlib import import_module
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
IMPORT_NAMES = ("core", "ports", "adapters", "entrypoints")


def packages_under_src() -> set[str]:
    return {folder.name for folder in (ROOT / "src").iterdir() if any(folder.glob("**/*.py"))}


def test_the_import_names_are_those_under_src() -> None:
    assert packages_under_src() == set(IMPORT_NAMES)


@pytest.mark.parametrize("name", IMPORT_NAMES)
def test_no_other_installed_distribution_owns_an_import_name(name: str) -> None:
    assert set(packages_distributions().get(name, ())) <= {"gleanin-sync"}


@pytest.mark.parametrize("name", IMPORT_NAMES)
def test_an_import_name_resolves_to_this_source_tree(name: str) -> None:
    assert Path(import_module(name).__file__ or "").is_relative_to(ROOT / "src")


def test_import_linter_checks_every_package() -> None:
    contracts = ConfigParser()
    contracts.read(ROOT / ".importlinter")
    assert set(contracts["importlinter"]["root_packages"].split()) == packages_under_src()


def test_every_package_has_an_init_so_that_import_linter_sees_it() -> None:
    folders = {module.parent for module in (ROOT / "src").glob("*/**/*.py")}
    assert [str(folder) for folder in folders if not (folder / "__init__.py").exists()] == []


@pytest.mark.parametrize("lock", sorted(ROOT.glob("*.lock")), ids=lambda lock: lock.name)
def test_a_lock_file_contains_no_url(lock: Path) -> None:
    text = lock.read_text()
    assert "--hash=sha256:" in text
    assert "://" not in text


def test_there_are_lock_files_for_production_and_development() -> None:
    assert {lock.name for lock in ROOT.glob("*.lock")} >= {"requirements.lock", "requirements-dev.lock"}


def test_the_distribution_cannot_be_uploaded() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert "Private :: Do Not Upload" in project["classifiers"]
