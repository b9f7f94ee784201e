from pathlib import Path

import pytest

from gradstep.testing import open_debugger, screen_text
from gradstep.trace.numbers import decode

SCRIPT = Path(__file__).parents[2] / "scenarios" / "two_scalars.py"


def numbers(app, name):
    moment = app.frame.moment
    return decode(moment.value(moment.tensor_named(name)))


async def test_first_step_goes_against_the_gradient():
    async with open_debugger(SCRIPT) as (app, pilot):
        # Each p goes to the end of a phase: zero_grad, forward, backward.
        for moves in (1, 2, 3):
            await pilot.press("p")
            await app.reached(lambda frame, moves=moves: frame.moves >= moves)
        assert "x.grad" in screen_text(app)
        assert numbers(app, "x") == [1.0]

        await pilot.press("p")
        await app.reached(lambda frame: frame.moves >= 4)
        assert numbers(app, "x") == pytest.approx([0.4])

        # P goes back: the script stays where it is, the screen shows how it was.
        await pilot.press("P")
        await app.reached(lambda frame: frame.moves >= 5)
        assert numbers(app, "x") == [1.0]
