from . import archive as archive, keys as keys, rekeying as rekeying, sealing as sealing, unlock as unlock
from .csv_tables import HandTable as HandTable
from .csv_text import (
    Damaged as Damaged,
    Row as Row,
    TextTable as TextTable,
    read_text_table as read_text_table,
)
from .keys import (
    IDENTITY as IDENTITY,
    RECOVERY as RECOVERY,
    Identity as Identity,
    NewKeys as NewKeys,
    new_keys as new_keys,
    new_recovery_code as new_recovery_code,
    opened as opened,
    strength as strength,
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
from .sealing import lies_open as lies_open, seal as seal, unfinished as unfinished, unseal as unseal
from .unlock import (
    FILE as FILE,
    forget_in_keyring as forget_in_keyring,
    from_passphrase_file as from_passphrase_file,
    identity_of as identity_of,
    passed_on as passed_on,
    remember_in_keyring as remember_in_keyring,
)
