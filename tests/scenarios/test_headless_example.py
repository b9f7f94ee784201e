from pathlib import Path

import pytest

from gradstep.testing import open_debugger, screen_text
from gradstep.trace.numbers import decode

SCRIPT = Path(__file__).parents[2] / "scenarios" / "two_scalars.py"


async def press(app, pilot, key):
    wanted = app.frame.moves + 1
    await pilot.press(key)
    await app.reached(lambda frame: frame.moves >= wanted)


def numbers(app, name):
    moment = app.frame.moment
    return decode(moment.value(moment.tensor_named(name)))


async def test_first_step_goes_against_the_gradient():
    async with open_debugger(SCRIPT) as (app, pilot):
        # To the end of zero_grad, of forward, of backward.
        for key in "ppp":
            await press(app, pilot, key)
        assert "x.grad" in screen_text(app)
        assert numbers(app, "x") == [1.0]

        await press(app, pilot, "p")
        assert numbers(app, "x") == pytest.approx([0.4])

        # Back again: the script stays where it is, the screen shows how it was.
        await press(app, pilot, "P")
        assert numbers(app, "x") == [1.0]
