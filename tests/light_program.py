"""The program as a process of its own, whose keys open at once (see `light_keys`)."""

from light_keys import lightly
from pyrage import passphrase

from therapy_review.cli import main

passphrase.encrypt = lightly
main()
