"""The configuration file: what it means, what is wrong in it, and what the command shows."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from gradstep.settings import Settings, SettingsError, load_settings
from gradstep.settings.model import SETTINGS
from gradstep.settings.writing import default_text
from gradstep.tui.keymap import load_keymap
from tests.cli.conftest import Run


def read(tmp_path: Path, text: str, keys: str = "") -> Settings:
    (tmp_path / "config.toml").write_text(text, encoding="utf-8")
    if keys:
        (tmp_path / "keys.toml").write_text(keys, encoding="utf-8")
    return load_settings(tmp_path / "config.toml", tmp_path / "keys.toml")


def test_without_files_nothing_is_settled(tmp_path: Path) -> None:
    assert load_settings(tmp_path / "none", tmp_path / "nor this") == Settings()


def test_settings_are_read_with_their_places(tmp_path: Path) -> None:
    text = 'theme = "nord"\nremember = false\n\n[layout]\ncolumns = 30\nrows = "auto"\n'
    settings = read(tmp_path, text)
    assert (settings.theme, settings.remember) == ("nord", False)
    assert (settings.columns, settings.rows) == (30, 0)
    assert settings.origin("layout.columns") == f"{tmp_path / 'config.toml'}:5"
    assert settings.origin("detail") == "default"


def test_keys_of_the_configuration_come_before_those_of_keys_toml(tmp_path: Path) -> None:
    older = '[keys]\n"step.next" = "j"\n"step.back" = "k"\n'
    settings = read(tmp_path, '[keys]\n"step.next" = ["l", "ctrl+j"]\n', older)
    assert settings.keys == {"step.next": "l,ctrl+j", "step.back": "k"}
    assert settings.origin("keys.step.next") == f"{tmp_path / 'config.toml'}:2"
    assert settings.origin("keys.step.back") == f"{tmp_path / 'keys.toml'}:3"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ('\nthem = "nord"\n', 2, "there is no setting them; did you mean theme?"),
        ("ascii = true", 1, 'ascii is true; it can be "auto", "always" or "never"'),
        ('colour = "blue"', 1, 'colour is "blue"; it can be "auto" or "never"'),
        ('detail = "all"', 1, 'it can be "phases", "events" or "values"'),
        ("remember = 1", 1, "remember is 1; it can be true or false"),
        ("[layout]\n\nrows = 95", 3, "layout.rows is 95; it can be a number of percent"),
        ("[layout]\ncolumns = true", 2, "layout.columns is true"),
        ("layout = 3", 1, "[layout] is to be a table"),
        ("keys = 3", 1, "[keys] is to be a table"),
        ('[keys]\n"step.next" = 3', 2, 'keys."step.next" is 3'),
        ("detail = \nx", 1, "this is not TOML"),
        ("x = [\n\n", 2, "this is not TOML"),
        (f"x = {'[' * 5_000}", 1, "this is not TOML: Too many brackets"),
        (f"rows = {'9' * 5_000}", 1, "this is not TOML: A number with too many digits"),
    ],
)
def test_what_is_wrong_is_one_line_with_its_place(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        read(tmp_path, text)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'config.toml'}:{line}: ")
    assert said in message
    assert "\n" not in message


def test_the_default_file_settles_nothing_and_its_examples_can_be_used(tmp_path: Path) -> None:
    assert read(tmp_path, default_text()) == Settings()
    lines = default_text().splitlines()
    opened = [
        line.removeprefix("# ")
        if line.startswith(tuple(f"# {setting.name} = " for setting in SETTINGS))
        else line
        for line in lines
    ]
    settings = read(tmp_path, "\n".join(opened))
    assert len(settings.origins) == len(SETTINGS)
    assert settings == Settings(origins=settings.origins)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
@pytest.mark.parametrize("name", ["config.toml", "keys.toml"])
@pytest.mark.parametrize("kind", ["a pipe", "a folder", "a device"])
def test_what_is_no_file_is_said_at_once(tmp_path: Path, name: str, kind: str) -> None:
    path = tmp_path / name
    if kind == "a pipe":
        os.mkfifo(path)
    elif kind == "a folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(SettingsError) as said:
        load_settings(tmp_path / "config.toml", tmp_path / "keys.toml")
    assert str(said.value) == f"{path} is {kind}, not a file of settings: take it away"
    assert load_keymap(path) == ({}, str(said.value))


def test_a_file_that_nobody_wrote_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b" " * 1_000_001)
    with pytest.raises(SettingsError, match="has 1,000,001 bytes"):
        load_settings(path, tmp_path / "none")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes with names")
def test_neither_config_nor_an_editor_waits_for_a_pipe(run: Run, own_state_directory: Path) -> None:
    folder = own_state_directory / "gradstep"
    folder.mkdir()
    os.mkfifo(folder / "config.toml")
    for words in (["config"], ["config", "--edit"], ["open", "none.gradstep"]):
        done = run(*words, EDITOR="cat", **_places(own_state_directory))
        assert done.returncode == 2
        assert "config.toml is a pipe" in done.stderr or words[0] == "open"
        assert done.stderr.count("\n") == 1


def test_init_writes_and_never_overwrites(run: Run, own_state_directory: Path) -> None:
    path = own_state_directory / "gradstep" / "config.toml"
    assert run("config", "--init", **_places(own_state_directory)).stdout.startswith("wrote ")
    path.write_text('theme = "nord"\n', encoding="utf-8")
    again = run("config", "--init", **_places(own_state_directory))
    assert again.returncode == 0
    assert "unchanged" in again.stdout
    assert path.read_text(encoding="utf-8") == 'theme = "nord"\n'

    shown = run("config", NO_COLOR="1", **_places(own_state_directory)).stdout
    assert f"nord    {path}:1" in shown
    assert "never   NO_COLOR" in shown
    assert "values  default" in shown


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('theme = "nrod"', 'there is no theme "nrod"; did you mean nord?'),
        ('[keys]\n"step.nxt" = "j"', 'there is no command "step.nxt"; did you mean step.next?'),
    ],
)
def test_what_only_the_screen_knows_is_checked_too(
    run: Run, own_state_directory: Path, text: str, said: str
) -> None:
    folder = own_state_directory / "gradstep"
    folder.mkdir()
    (folder / "config.toml").write_text(text, encoding="utf-8")
    done = run("config", **_places(own_state_directory))
    assert done.returncode == 2
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_a_wrong_setting_stops_before_the_script_runs(
    run: Run, loop: Path, own_state_directory: Path
) -> None:
    folder = own_state_directory / "gradstep"
    folder.mkdir()
    (folder / "config.toml").write_text("detail = 1", encoding="utf-8")
    done = run("record", loop.name, **_places(own_state_directory))
    assert (done.returncode, done.stdout) == (2, "")
    assert "config.toml:1: detail is 1" in done.stderr


def test_edit_opens_the_editor_on_a_file_that_is_there(run: Run, own_state_directory: Path) -> None:
    if os.name == "nt":
        pytest.skip("the editor of this test is a program of Unix")
    places = _places(own_state_directory)
    done = run("config", "--edit", EDITOR="grep -c detail", VISUAL="", **places)
    assert done.stdout.startswith("2\n")
    without = run("config", "--edit", EDITOR="", VISUAL="", **places)
    assert without.returncode == 2
    assert "set VISUAL or EDITOR" in without.stderr


def test_older_keys_that_cannot_be_read_settle_nothing(tmp_path: Path) -> None:
    for text in ("x = " + "[" * 5_000, "x = " + "9" * 5_000):
        assert read(tmp_path, "", text) == Settings()
        assert load_keymap(tmp_path / "keys.toml")[0] == {}


def test_what_stands_in_the_way_of_the_file_is_told(run: Run, own_state_directory: Path) -> None:
    places = _places(own_state_directory)
    folder = own_state_directory / "gradstep"
    folder.write_text("", encoding="utf-8")
    done = run("config", "--init", **places)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a file, and is to be a folder" in done.stderr
    folder.unlink()
    (folder / "config.toml").mkdir(parents=True)
    done = run("config", "--init", **places)
    assert (done.returncode, done.stdout) == (2, "")
    assert "is a folder, and is to be a file" in done.stderr
    (folder / "config.toml").rmdir()
    done = run("config", "--edit", EDITOR="vi 'x", VISUAL=" ", **places)
    assert done.returncode == 2
    assert "vi 'x is no command" in done.stderr


def test_a_message_does_not_command_the_terminal(run: Run, own_state_directory: Path) -> None:
    folder = own_state_directory / "gradstep"
    folder.mkdir()
    (folder / "config.toml").write_text('theme = "\\u001b[31m"', encoding="utf-8")
    done = run("config", **_places(own_state_directory))
    assert done.returncode == 2
    assert "\x1b" not in done.stderr
    assert "␛[31m" in done.stderr


def _places(folder: Path) -> dict[str, str]:
    """The child's environment was made before the folder was."""
    return {"XDG_CONFIG_HOME": str(folder), "XDG_STATE_HOME": str(folder)}
