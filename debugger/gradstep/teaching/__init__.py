"""Lessons: before a phase runs the learner says what it will do, and then watches whether it did.

Questions are made of what the trace says at the beginning of a phase, so any script can be a
lesson; answers are judged by what was recorded between its beginning and its end.
"""

from gradstep.teaching.lesson import Lesson

__all__ = ["Lesson"]
