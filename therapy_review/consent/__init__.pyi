from . import agreement as agreement, agreements_file as agreements_file, law as law, ledger as ledger
from .agreement import (
    ONE_PARTY as ONE_PARTY,
    RECORD as RECORD,
    REPORT as REPORT,
    ROLES as ROLES,
    SELF_REVIEW as SELF_REVIEW,
    SHARE as SHARE,
    USES as USES,
    WAYS_TO_AGREE as WAYS_TO_AGREE,
    Agreement as Agreement,
    Spoken as Spoken,
    ending_soon as ending_soon,
    is_use as is_use,
    person_in_words as person_in_words,
    use_in_words as use_in_words,
)
from .gate import Gate as Gate
from .law import rule_for as rule_for
