"""What runs inside the user's process: records what happens, and pauses where it is told to.

Standard library only; numpy comes in through the engine that the script itself imports.
"""
