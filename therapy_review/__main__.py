"""The program, where only its Python is at hand: ``python -m therapy_review``."""

from therapy_review.cli import main

if __name__ == "__main__":
    main()
