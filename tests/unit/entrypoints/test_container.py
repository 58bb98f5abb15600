"""The container creates a use case from the providers that its fields name."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from importlib import import_module
from pathlib import Path

import pytest
from dependency_injector import providers

from core.usecases.links.queries import TakesLinks
from core.usecases.organizations.connect import Connect
from core.usecases.sync.preview import Preview
from core.usecases.sync.run_sync import RunSync
from entrypoints.container import Container
from entrypoints.plugins import PluginGroup
from entrypoints.settings import Settings
from ports.store.unit_of_work import UnitOfWorkFactory

SRC = Path(__file__).parents[3] / "src"


@pytest.fixture
def container(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Container:
    monkeypatch.setenv("GLEANIN_SYNC_DATABASE_URL", f"sqlite:///{tmp_path / 'data.db'}")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    return Container(Settings())


def _resolved() -> Iterator[tuple[str, str]]:
    """Yield module and name of everything that the program resolves."""
    for path in sorted(SRC.rglob("*.py")):
        tree = ast.parse(path.read_text())
        imported = {
            alias.asname or alias.name: (node.module, alias.name)
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom) and node.module
            for alias in node.names
        }
        for node in ast.walk(tree):
            match node:
                case ast.Call(func=ast.Attribute(attr="resolve"), args=[ast.Name(id=name)]) if (
                    name in imported
                ):
                    yield imported[name]


ALL = sorted({*_resolved()})


def test_the_program_resolves_its_use_cases() -> None:
    assert ("core.usecases.organizations.connect", "Connect") in ALL
    assert len(ALL) > 70


@pytest.mark.parametrize(("module", "name"), ALL)
def test_whatever_the_program_resolves_has_all_that_it_needs(
    container: Container, module: str, name: str
) -> None:
    use_case = getattr(import_module(module), name)
    made = container.resolve(use_case)
    assert isinstance(made, use_case)
    assert all(
        getattr(made, each.name) is not None for each in fields(use_case) if each.name != "support_contact"
    )


def test_who_waits_for_an_answer_is_given_less_patience_than_a_run(container: Container) -> None:
    run, preview = container.resolve(RunSync), container.resolve(Preview)
    assert run.patient_access.sources is container.patient_sources()
    assert preview.access.sources is container.sources()
    assert container.resolve(Connect).destinations is container.destinations()
    assert container.sources() is not container.patient_sources()


@dataclass
class Component:
    units: UnitOfWorkFactory


@dataclass
class Whole:
    component: Component
    most: int = 3
    names: list[str] = field(default_factory=list)


def test_a_field_that_names_no_provider_is_made_likewise_or_has_its_default(container: Container) -> None:
    made = container.resolve(Whole)
    assert made.component.units is container.units()
    assert (made.most, container.provider(Whole)) == (3, container.provider(Whole))


def test_what_is_made_can_be_overridden(container: Container) -> None:
    other = Whole(Component(container.units()), 9)
    with container.provider(Whole).override(providers.Object(other)):
        assert container.resolve(Whole) is other
    assert container.resolve(Whole).most == 3


def test_rule_38_sessionboard_takes_links_and_pretalx_does_not(container: Container) -> None:
    assert "pretalx" in container.plugins().installed[PluginGroup.SOURCES]
    takes_links = container.resolve(TakesLinks)
    assert [takes_links(source) for source in ("sessionboard", "pretalx", "gone")] == [True, False, False]
