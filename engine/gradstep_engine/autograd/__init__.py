"""Automatic differentiation: graph mechanics only, no derivative rules."""
