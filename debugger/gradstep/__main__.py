"""`python -m gradstep`."""

import sys

from gradstep.cli import main

if __name__ == "__main__":
    sys.exit(main())
