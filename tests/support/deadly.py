"""Work that a process dies of; a module of its own, so that the process has little to import before."""

from __future__ import annotations

import os

from therapy_review.reports.workers.orders import Made, Order


def deadly(order: Order) -> Made:
    if order.name == "deadly":
        os._exit(9)
    return Made(order.name)
