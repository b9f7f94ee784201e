"""The way into a user's process: Python imports this by itself before the script runs.

Does nothing but hand over to `gradstep.debuggee.entry`, and only in the very process that gradstep
started: the environment is put back first, so that children of the script run clean.
"""

import os
import sys


def _arrive() -> None:
    """Put everything back as the user had it, then start the debuggee if this is the one."""
    here = os.path.dirname(os.path.abspath(__file__))
    text = os.environ.pop("GRADSTEP_DEBUGGEE", None)
    sys.path[:] = [
        entry
        for entry in sys.path
        if not entry or os.path.realpath(entry) != os.path.realpath(here)
    ]
    config = None
    if text is not None:
        import json

        config = json.loads(text)
        if config.get("pythonpath") is None:
            os.environ.pop("PYTHONPATH", None)
        else:
            os.environ["PYTHONPATH"] = config["pythonpath"]
    if text is not None and config is not None and config["target"] in sys.orig_argv:
        if os.getppid() != config["launcher_pid"]:
            _refuse(_why_not_ours(config["launcher_pid"]))
        _find_gradstep(os.path.dirname(os.path.dirname(os.path.dirname(here))))
        try:
            from gradstep.debuggee import entry

            entry.start(text)
        except Exception as error:
            _refuse(" ".join(f"{type(error).__name__}: {error}".split()))
    _chain()


def _why_not_ours(launcher: int) -> str:
    """Say why this process has another parent than gradstep."""
    try:
        os.kill(launcher, 0)
    except OSError:
        return "gradstep itself has ended"
    return f"{sys.executable} was started by another program; name it with --python"


def _refuse(why: str) -> None:
    """End this process: a script that cannot be debugged must not run on its own."""
    # An exception, even SystemExit, would be shown by Python as a failure of its own start.
    os.write(2, f"gradstep: the script was not started: {why}\n".encode(errors="replace"))
    os._exit(2)


def _find_gradstep(root: str) -> None:
    """Make our two packages importable, and nothing else that happens to lie beside them."""
    from importlib.abc import MetaPathFinder
    from importlib.machinery import ModuleSpec, PathFinder

    places = {"gradstep": root}
    beside = os.path.join(os.path.dirname(root), "engine")
    places["gradstep_engine"] = (
        root if os.path.isdir(os.path.join(root, "gradstep_engine")) else beside
    )

    class GradstepFinder(MetaPathFinder):
        """Finds `gradstep` and `gradstep_engine` where they are installed."""

        def find_spec(
            self, fullname: str, path: object = None, target: object = None
        ) -> ModuleSpec | None:
            """Answer for the two top-level packages only."""
            if fullname not in places:
                return None
            return PathFinder.find_spec(fullname, [places[fullname]])

    sys.meta_path.insert(0, GradstepFinder())


def _chain() -> None:
    """Run the user's own sitecustomize, which ours has hidden."""
    from importlib.machinery import PathFinder
    from importlib.util import module_from_spec

    spec = PathFinder.find_spec("sitecustomize", sys.path)
    if spec is not None and spec.loader is not None:
        module = module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


_arrive()
