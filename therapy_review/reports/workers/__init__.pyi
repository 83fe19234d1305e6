from . import (
    bundles as bundles,
    cluster as cluster,
    interrupts as interrupts,
    orders as orders,
    pool as pool,
    scratch as scratch,
    templates as templates,
)
from .cluster import Cluster as Cluster
from .orders import Made as Made, Order as Order, To as To
from .templates import Template as Template
