"""What both processes agree on: rows of events, motions, breakpoints and the wire.

Standard library only, because the user's interpreter imports it.
"""
