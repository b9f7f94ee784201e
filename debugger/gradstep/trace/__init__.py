"""The trace file: one SQLite database that holds everything that has happened in a run."""
