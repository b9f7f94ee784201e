"""What the values of options may be; each function raises what argparse shows."""

from __future__ import annotations

import argparse


def steps(text: str) -> int:
    """Read a number of optimizer steps, 1 or more."""
    if not text.isdecimal() or not 0 < int(text) < 10**12:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number of steps, 1 or more")
    return int(text)


def port(text: str) -> int:
    """Read a port."""
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise argparse.ArgumentTypeError(f"'{text}' is not a port, 1 to 65535")
    return int(text)


def number(text: str) -> int:
    """Read a number, 1 or more."""
    if not text.isdecimal() or not 0 < int(text) < 10**12:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number, 1 or more")
    return int(text)


def tolerance(text: str) -> float:
    """Read a tolerance, 0 or more."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value < float("inf"):
        raise argparse.ArgumentTypeError(f"'{text}' is not a tolerance, 0 or more, such as 1e-6")
    return value


def event(text: str) -> int:
    """Read the number of an event."""
    if not text.isdecimal() or not 0 < int(text) < 10**12:
        raise argparse.ArgumentTypeError(f"'{text}' is not the number of an event, 1 or more")
    return int(text)
