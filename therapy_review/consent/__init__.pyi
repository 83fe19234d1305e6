from . import agreement as agreement, agreements_file as agreements_file, law as law, ledger as ledger
from .agreement import (
    ONE_PARTY as ONE_PARTY,
    RECORD as RECORD,
    REPORT as REPORT,
    ROLES as ROLES,
    SELF_REVIEW as SELF_REVIEW,
    SHARE as SHARE,
    USES as USES,
    WAYS as WAYS,
    Agreement as Agreement,
    Spoken as Spoken,
    ending as ending,
    in_words as in_words,
    is_use as is_use,
    person as person,
    seconds as seconds,
    state as state,
)
from .agreements_file import append as append, how_to_ask as how_to_ask
from .gate import Gate as Gate, closed as closed
from .law import rule_for as rule_for
