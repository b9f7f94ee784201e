"""Prints docs/keys.md from the table of commands: `python -m gradstep.tui.keys > docs/keys.md`."""

from __future__ import annotations

from gradstep.tui.actions import COMMANDS, GROUPS, unique_keys
from gradstep.tui.pane_keys import PANE_KEYS

HEAD = """\
# Keys

Made from the table in `debugger/gradstep/tui/actions/` by `python -m gradstep.tui.keys`.

A small letter goes forward, its capital goes the same way back. In the past, motions move over
what was recorded; at the live edge, forward motions let the script go on.

A command can be given other keys by its id, in the [configuration file](config.md), or in
`~/.config/gradstep/keys.toml`:

```toml
[keys]
"step.next" = "j"
"step.back" = "k"
```

## With the mouse

| a click on | does |
|---|---|
| the gutter of a source line | sets or removes a breakpoint |
| a value beside a line, a name in a card or in the console | shows its tensor in pane 4 |
| a name in the code, twice | the same |
| a row | selects it |
| a title or tab in a border | focuses the pane, shows the tab |
| the timeline, a curve of the losses | goes there |
| a key in the footer | does what it says |

A border between two panes can be drawn to another place; the wheel scrolls what lies under it.
"""

PANES = """
## In one pane

These keys work where the focus is, and have no id to rebind them by.

| pane | key | command | what it does |
|---|---|---|---|
"""


def keys_page() -> str:
    """Return the page."""
    parts = [HEAD]
    for group, title in GROUPS.items():
        rows = [command for command in COMMANDS if command.group == group]
        parts.append(f"\n## {title}\n\n| key | command | id | what it does |\n|---|---|---|---|\n")
        for command in rows:
            keys = " ".join(f"`{key}`" for key in unique_keys(command))
            text = command.help.replace("|", "\\|")
            title_cell = command.title.replace("|", "\\|")
            parts.append(f"| {keys} | {title_cell} | `{command.id}` | {text} |\n")
    parts.append(PANES)
    for pane, own in PANE_KEYS.items():
        for key in own:
            parts.append(f"| {pane} | `{key.text}` | {key.title} | {key.help} |\n")
    return "".join(parts)


if __name__ == "__main__":
    print(keys_page(), end="")
