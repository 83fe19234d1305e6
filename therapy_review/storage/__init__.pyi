from . import archive as archive, keys as keys, rekeying as rekeying, sealing as sealing, unlock as unlock
from .csv_tables import HandTable as HandTable
from .csv_text import (
    DamagedLine as DamagedLine,
    TextRow as TextRow,
    TextTable as TextTable,
    read_text_table as read_text_table,
)
from .plain import (
    FILE_MODE as FILE_MODE,
    FOLDER_MODE as FOLDER_MODE,
    SETTLED as SETTLED,
    PlainStore as PlainStore,
    Store as Store,
    digest as digest,
    digest_if_there as digest_if_there,
    if_there as if_there,
    is_half as is_half,
    make_folder as make_folder,
)
from .sealed import SealedStore as SealedStore, write_unopened as write_unopened
from .unlock import identity_of as identity_of
