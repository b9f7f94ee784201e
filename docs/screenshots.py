"""Draw the pictures of the README and the documentation, from the real program.

    python docs/screenshots.py             all of them, into docs/images
    python docs/screenshots.py backward    some of them

Each picture is a scenario and the keys that lead to it; the terminal is Textual's headless one.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from textual.pilot import Pilot

    from gradstep.testing import GradstepApp

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "engine"), str(ROOT / "debugger")]


@dataclass(frozen=True)
class Picture:
    """A scenario, the motions that lead to the place, then keys that arrange the screen.

    A motion among the keys is waited for as well.
    """

    scenario: str
    motions: str
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = (120, 40)


MOTIONS = "spnifc"

PICTURES = {
    "backward": Picture("two_scalars", "ppsss"),
    "step": Picture("two_scalars", "pppss", ("4", "4")),
    "connection": Picture("stale_optimizer", "pppp", ("k",), (110, 26)),
    "lesson": Picture("two_scalars", "", ("T", *"ppppppp"), (110, 34)),
    "loss": Picture("forgotten_zero_grad", "iiiiiiiiii", ("o", "z"), (110, 30)),
    "tensor": Picture("cifar_net", "ppssss", ("4",)),
}


async def move(app: GradstepApp, pilot: Pilot[int], key: str) -> None:
    """Press the key of a motion, and wait until the place that it leads to is painted."""
    wanted = app.frame.moves + 1
    await pilot.press(key)
    await app.reached(lambda frame: frame.moves >= wanted)


async def draw(picture: Picture, target: Path) -> None:
    """Walk to the place and save the screen."""
    from gradstep.testing import open_debugger

    script = ROOT / "scenarios" / f"{picture.scenario}.py"
    async with open_debugger(script, size=picture.size) as (app, pilot):
        for key in picture.motions:
            await move(app, pilot, key)
        for key in picture.keys:
            if key in MOTIONS:
                await move(app, pilot, key)
            else:
                await pilot.press(key)
            await pilot.pause()
        svg = app.export_screenshot(title=f"gradstep {picture.scenario}.py")
    # The fonts are named but not fetched: a picture must not load anything.
    svg = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    target.write_text("\n".join(line.rstrip() for line in svg.splitlines()) + "\n", "utf-8")
    print(target.relative_to(ROOT))


def main() -> None:
    """Draw what the command line names, or everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(PICTURES))
    names = parser.parse_args().names or list(PICTURES)
    for name in names:
        if name not in PICTURES:
            parser.error(f"no picture {name!r}; there are {', '.join(PICTURES)}")
    os.environ.pop("NO_COLOR", None)
    os.environ["TEXTUAL_ANIMATIONS"] = "none"
    images = ROOT / "docs" / "images"
    images.mkdir(exist_ok=True)
    for name in names:
        # What somebody has saved for a scenario, or the picture before, does not belong into it.
        with tempfile.TemporaryDirectory() as state:
            os.environ["XDG_STATE_HOME"] = os.environ["XDG_CONFIG_HOME"] = state
            asyncio.run(draw(PICTURES[name], images / f"{name}.svg"))


if __name__ == "__main__":
    main()
