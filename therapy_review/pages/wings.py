"""The pages of the three wings, so that a notebook asks for every page in one place."""

from therapy_review.importing import bring_in
from therapy_review.rights import agreement
from therapy_review.sharing import share_page

__all__ = ["agreement", "bring_in", "share_page"]
