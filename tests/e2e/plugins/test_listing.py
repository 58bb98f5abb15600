"""`plugins`: what is installed, and what is refused."""

from pathlib import Path
from typing import Any

from tests.e2e.plugins.conftest import SOURCES, TOYS, Install, Program

BUILT_IN = {
    ("sources", "sessionboard"): "Sessionboard",
    ("destinations", "gleanin"): "Gleanin",
    ("kinds", "session"): "Sessions",
    ("kinds", "speaker"): "Speakers",
    ("kinds", "exhibitor_contact"): "Exhibitors",
}
REFUSED = ("toy_raises", "toy_old", "toy_taken")


def available(plugins: list[dict[str, Any]]) -> set[tuple[str, str]]:
    return {
        (each["group"].removeprefix("gleanin_sync."), each["identifier"])
        for each in plugins
        if each["state"] == "available"
    }


def refused(plugins: list[dict[str, Any]]) -> dict[str, str]:
    """Return why each package is refused."""
    return {each["package"]: each["problem"] for each in plugins if each["state"] == "refused"}


def test_rule_43_what_comes_with_the_program_is_listed_like_what_is_installed(program: Program) -> None:
    plugins = program.plugins()
    assert {each["group"] for each in plugins} == {
        "gleanin_sync.sources",
        "gleanin_sync.destinations",
        "gleanin_sync.kinds",
    }
    names = {
        (each["group"].removeprefix("gleanin_sync."), each["identifier"]): each["display_name"]
        for each in plugins
    }
    assert names == BUILT_IN | {
        ("sources", "toys"): "Toy Box",
        ("destinations", "toy-shelf"): "Toy Shelf",
        ("kinds", "helper"): "Helpers",
    }
    assert {(each["state"], each["problem"]) for each in plugins} == {("available", None)}
    of_packages = {
        (each["identifier"], each["package"], each["version"])
        for each in plugins
        if each["package"] != "gleanin-sync"
    }
    assert of_packages == {
        ("toys", "toy-source", "1.2"),
        ("toy-shelf", "toy-destination", "2.0"),
        ("helper", "toy-kind", "0.3"),
    }
    text = program("plugins").out
    assert "toy-source 1.2" in text
    assert "Toy Box" in text


def test_rule_43_those_that_cannot_be_used_are_refused_by_name_and_the_rest_works(
    install: Install, tmp_path: Path
) -> None:
    program = Program((install(*TOYS, *REFUSED),), tmp_path / "toys.db")
    plugins = program.plugins()
    assert available(plugins) == {
        *BUILT_IN,
        ("sources", "toys"),
        ("destinations", "toy-shelf"),
        ("kinds", "helper"),
    }
    problems = refused(plugins)
    assert problems.keys() == {"toy-raises", "toy-old", "toy-taken"}
    assert problems["toy-raises"] == "It cannot be loaded: RuntimeError: the box is empty"
    assert "made for version 2 of the plug-in API" in problems["toy-old"]
    assert problems["toy-taken"].startswith("The identifier 'sessionboard' is taken by gleanin-sync.")
    doctor = program("doctor")
    assert "toy-raises" in doctor.out
    assert "the box is empty" in doctor.out
    added = ("organization", "add", "Makers", "--url", "https://toys.example.org", "--token-stdin")
    for source, reason in (("broken", "the box is empty"), ("old", "version 2")):
        result = program.json(*added, "--source", source, stdin="token")
        assert result.exit_code == 3, result.out
        assert reason in result.error["message"]
        assert f"toy-{'raises' if source == 'broken' else source}" in result.error["message"]
    assert program.json("organization", "list").document == []


def test_rule_43_a_package_that_brings_a_package_of_the_program_is_refused_by_name(
    install: Install, tmp_path: Path
) -> None:
    # The program's own packages are found first, as in its installation.
    path = (SOURCES, install("toy_shadow"), install(*TOYS))
    plugins = Program(path, tmp_path / "toys.db").plugins()
    assert refused(plugins) == {
        "toy-shadow": "It brings a top-level package 'core', which belongs to gleanin-sync. Rename that package."
    }
    assert ("sources", "toys") in available(plugins)


def test_rule_43_help_loads_no_plugin(install: Install, tmp_path: Path) -> None:
    program = Program((install("toy_raises"), install(*TOYS)), tmp_path / "toys.db")
    for arguments in (("--help",), ("organization", "add", "--help")):
        result = program(*arguments)
        assert (result.exit_code, result.err) == (0, "")
        assert "toy" not in result.out.lower()
