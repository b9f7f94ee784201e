"""gradstep: a step-through debugger for training loops, in the terminal."""

__version__ = "0.1.0"
