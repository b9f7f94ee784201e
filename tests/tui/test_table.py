"""The table of commands, and what is made of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from rich.cells import cell_len
from textual.binding import Binding

from gradstep.tui import actions
from gradstep.tui.app import GradstepApp
from gradstep.tui.commands import Commands
from gradstep.tui.keymap import load_keymap
from gradstep.tui.keys import keys_page
from gradstep.tui.theme import DARK, LIGHT

MOTIONS = {"step": "s", "line": "n", "phase": "p", "iteration": "i", "finish": "f", "continue": "c"}


def test_ids_and_keys_are_unique() -> None:
    ids = [command.id for command in actions.COMMANDS]
    assert len(set(ids)) == len(ids)
    keys = [key for command in actions.COMMANDS for key in command.keys]
    assert sorted(set(keys)) == sorted(keys)


@pytest.mark.parametrize(("name", "key"), MOTIONS.items())
def test_a_capital_goes_the_same_way_back(name: str, key: str) -> None:
    assert actions.BY_ID[f"{name}.next"].keys[0] == key
    assert actions.BY_ID[f"{name}.back"].keys[0] == key.upper()


def test_every_action_exists() -> None:
    for command in actions.COMMANDS:
        name = command.action.split("(")[0].removeprefix("app.")
        assert hasattr(GradstepApp, f"action_{name}"), command.id


def test_every_command_is_bound_under_its_id() -> None:
    bound = {binding.id for binding in actions.bindings() if isinstance(binding, Binding)}
    assert bound == set(actions.BY_ID)


def test_commands_do_not_hide_textual() -> None:
    from textual.app import App

    ours = {name for name in vars(Commands) if name.islower() and name[0] != "_"}
    allowed = {"action_help"}
    assert {name for name in ours if hasattr(App, name)} <= allowed


def test_keys_page_is_current(root: Path) -> None:
    text = (root / "docs" / "keys.md").read_text(encoding="utf-8")
    assert text == keys_page(), "run python -m gradstep.tui.keys > docs/keys.md"


def test_keys_page_names_every_command() -> None:
    page = keys_page()
    assert all(f"`{command.id}`" in page for command in actions.COMMANDS)


def test_keymap_takes_ids_and_names_what_it_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text('[keys]\n"step.next" = "j"\n"step.nxt" = "k"\n', encoding="utf-8")
    keymap, error = load_keymap(path)
    assert keymap == {"step.next": "j"}
    assert "step.nxt" in error


def test_a_broken_keymap_is_one_line(tmp_path: Path) -> None:
    path = tmp_path / "keys.toml"
    path.write_text("[keys\n", encoding="utf-8")
    keymap, error = load_keymap(path)
    assert keymap == {}
    assert "\n" not in error
    assert str(path) in error


def test_themes_answer_to_the_same_names() -> None:
    assert set(DARK.variables) == set(LIGHT.variables)


def files_of_the_screen(root: Path, pattern: str) -> list[Path]:
    """Its files; that there are many is certain, so a loop over none would test nothing."""
    found = list((root / "debugger" / "gradstep" / "tui").rglob(pattern))
    assert len(found) > 50
    return found


def test_colours_are_literal_in_the_theme_only(root: Path) -> None:
    for path in files_of_the_screen(root, "*"):
        if path.suffix in {".py", ".tcss"} and path.name not in {
            "contrast_themes.py",
            "paint.py",
            "theme.py",
        }:
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"#[0-9a-fA-F]{6}\b", text), path


def test_glyphs_of_the_screen_are_one_cell_wide(root: Path) -> None:
    for path in files_of_the_screen(root, "*.py"):
        for character in path.read_text(encoding="utf-8"):
            assert cell_len(character) <= 1, (path, character)
