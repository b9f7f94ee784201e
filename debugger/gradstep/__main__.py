"""`python -m gradstep`."""

import sys

if __name__ == "__main__":
    # Python puts the current directory first, where a script may be called as a module of ours is.
    if not sys.flags.safe_path:
        del sys.path[0]
    from gradstep.cli import main

    sys.exit(main())
