"""What the events cost when nobody listens: the engine against itself without any emission.

    python benchmarks/listener.py            all workloads, a table in Markdown
    python benchmarks/listener.py scalars    one workload

The second engine is the same source, loaded under another name with every `events.listener` read as
the constant None and the branches that can then never run cut out. Both take turns; the ratio is of
the 2nd percentiles of single iterations. The same engine loaded twice, unchanged, gives the noise.
"""

from __future__ import annotations

import argparse
import ast
import importlib
import importlib.abc
import importlib.machinery
import importlib.util
import sys
from typing import Any

# By name, because the folder of the engine's source has the same one.
_rows: Any = importlib.import_module("engine")
WORKLOADS, Timing = _rows.WORKLOADS, _rows.Timing

NAME = "gradstep_engine"


class Silence(ast.NodeTransformer):
    """Cuts out what depends on a listener."""

    def visit_If(self, node: ast.If) -> Any:
        """Keep the branch that runs when there is no listener, if that can be told."""
        self.generic_visit(node)
        listens = self._listens(node.test)
        if listens is None:
            return node
        return (node.body if listens else node.orelse) or ast.copy_location(ast.Pass(), node)

    def _listens(self, test: ast.expr) -> bool | None:
        """Return what a test of the listener comes to without one, None for other tests."""
        if isinstance(test, ast.BoolOp):
            decisive = isinstance(test.op, ast.Or)
            if any(self._listens(value) is decisive for value in test.values):
                return decisive
            return None
        if not (
            isinstance(test, ast.Compare)
            and isinstance(test.left, ast.Attribute)
            and test.left.attr == "listener"
            and isinstance(test.comparators[0], ast.Constant)
            and test.comparators[0].value is None
        ):
            return None
        return isinstance(test.ops[0], ast.Is)


class Renaming(ast.NodeTransformer):
    """Makes a copy of the engine import its own modules."""

    def __init__(self, name: str) -> None:
        self.name = name

    def visit_ImportFrom(self, node: ast.ImportFrom) -> ast.ImportFrom:
        """Rename the module that names come from."""
        if node.module:
            node.module = self._renamed(node.module)
        return node

    def visit_Import(self, node: ast.Import) -> ast.Import:
        """Rename imported modules."""
        for alias in node.names:
            alias.name = self._renamed(alias.name)
        return node

    def visit_Constant(self, node: ast.Constant) -> ast.Constant:
        """Rename modules that are imported late, by a text."""
        if isinstance(node.value, str):
            node.value = self._renamed(node.value)
        return node

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.JoinedStr:
        """Rename those whose text has parts."""
        self.generic_visit(node)
        return node

    def _renamed(self, text: str) -> str:
        return self.name + text[len(NAME) :] if text.partition(".")[0] == NAME else text


class CopyFinder(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds a copy of the engine under another name, silent or not."""

    def __init__(self, name: str, silent: bool) -> None:
        self.name = name
        self.silent = silent

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> Any:
        """Return where the copy of a module comes from."""
        if fullname.partition(".")[0] != self.name:
            return None
        original = importlib.util.find_spec(NAME + fullname[len(self.name) :])
        if original is None:
            return None
        package = original.submodule_search_locations is not None
        spec = importlib.machinery.ModuleSpec(fullname, self, is_package=package)
        spec.origin = original.origin
        return spec

    def exec_module(self, module: Any) -> None:
        """Run the changed source."""
        with open(module.__spec__.origin, encoding="utf-8") as file:
            tree = ast.parse(file.read())
        if self.silent:
            tree = Silence().visit(tree)
        tree = ast.fix_missing_locations(Renaming(self.name).visit(tree))
        exec(compile(tree, module.__spec__.origin, "exec"), module.__dict__)


def copies() -> dict[str, Any]:
    """Return three engines: as it is, the same again, and the silent one."""
    sys.meta_path[:0] = [CopyFinder("engine_again", False), CopyFinder("engine_silent", True)]
    return {name: importlib.import_module(name) for name in (NAME, "engine_again", "engine_silent")}


def main() -> None:
    """Measure what the command line names and print one row of a table for each."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("workloads", nargs="*", metavar="WORKLOAD", help=", ".join(WORKLOADS))
    parser.add_argument("--rounds", type=int, default=40, help="turns per engine (40)")
    options = parser.parse_args()
    engines = copies()
    print("| work | engine, µs | engine / silent | engine / engine again |")
    print("|---|---|---|---|")
    for name in options.workloads or WORKLOADS:
        title, build, _, count = WORKLOADS[name]
        timings = {key: Timing(build(engine)) for key, engine in engines.items()}
        for _ in range(options.rounds + 1):
            for timing in timings.values():
                timing.run(count)
        low = {key: timing.low for key, timing in timings.items()}
        ratios = (low[NAME] / low["engine_silent"], low[NAME] / low["engine_again"])
        print(f"| {title} | {low[NAME]:.1f} | {ratios[0]:.3f} | {ratios[1]:.3f} |", flush=True)


if __name__ == "__main__":
    main()
