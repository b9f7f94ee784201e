"""Pure functions from a `Moment` of a trace to what a pane shows: styled lines of text.

Nothing here knows a terminal: styles are names with a meaning, which the screen maps to a theme.
"""
