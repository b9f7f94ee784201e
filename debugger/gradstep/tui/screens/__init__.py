"""The screens: the debugger itself and its dialogs, each with its style sheet beside it."""
