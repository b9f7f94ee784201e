"""Where events come from: our engine, standing in for torch or imported by its own name."""
