"""What a user has settled for all sessions: the configuration file, read and checked.

Nothing here knows the screen; what only the screen can tell (themes, tabs, commands) it checks
itself, with the place that `Settings.origin` gives.
"""

from gradstep.settings.model import Settings, SettingsError
from gradstep.settings.reading import load_settings

__all__ = ["Settings", "SettingsError", "load_settings"]
