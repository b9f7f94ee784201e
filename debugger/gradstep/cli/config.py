"""`gradstep config`: the settings in force, and the file that holds them."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Final

from gradstep.cli.arguments import Arguments
from gradstep.settings import SettingsError, load_settings
from gradstep.settings.files import is_settings_file
from gradstep.settings.places import config_file, keys_file
from gradstep.settings.report import report
from gradstep.settings.writing import write_default

EDITORS: Final = ("VISUAL", "EDITOR")


def config(arguments: Arguments) -> int:
    """Show the settings, write the file, or edit it and check it then."""
    path = config_file()
    if arguments.init:
        print(f"{'wrote' if write_default(path) else 'there already, unchanged:'} {path}")
        return 0
    if arguments.edit:
        _edit(path)
    from gradstep.tui.settled import check_settings, remembered_theme

    settings = load_settings()
    check_settings(settings)
    print(report(settings, path, keys_file(), remembered_theme(settings)))
    return 0


def _edit(path: Path) -> None:
    """Open the file in the user's editor, written anew if there is none."""
    editor = next((os.environ[name] for name in EDITORS if os.environ.get(name, "").strip()), "")
    if not editor:
        raise SettingsError(f"set VISUAL or EDITOR to the editor to open {path} with")
    try:
        if not is_settings_file(path):
            write_default(path)
    except OSError as error:
        raise SettingsError(f"{path}: {error.strerror}") from None
    # On Windows a path in EDITOR may have backslashes, which a shell's rules would take away.
    try:
        command = [editor] if os.name == "nt" else shlex.split(editor)
    except ValueError as error:
        raise SettingsError(f"the editor {editor} is no command: {error}") from None
    try:
        status = subprocess.run([*command, str(path)], check=False).returncode
    except OSError as error:
        raise SettingsError(f"{editor}: {error.strerror}") from None
    if status:
        print(f"gradstep: {editor} ended with status {status}", file=sys.stderr)
