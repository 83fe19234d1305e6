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
from .orders import (
    REPORTS as REPORTS,
    SUFFIXES as SUFFIXES,
    Made as Made,
    Order as Order,
    To as To,
    carry_out as carry_out,
    opens as opens,
    root as root,
)
from .templates import Template as Template
