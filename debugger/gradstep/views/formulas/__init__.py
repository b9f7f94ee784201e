"""One explanation per op: its backward formula, in symbols and with numbers."""
