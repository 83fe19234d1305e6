"""The program as a process of its own, whose keys open at once (see `light_keys`)."""

import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

    from pyrage import passphrase

    from tests.support.light_keys import lightly
    from therapy_review.cli import main

    passphrase.encrypt = lightly
    main()
