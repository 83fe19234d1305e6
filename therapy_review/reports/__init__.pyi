from . import manifest as manifest, plain_copy as plain_copy, runner as runner
from .batch import Outcome as Outcome
from .plain_copy import PlainTo as PlainTo, Sure as Sure
from .runner import Report as Report, Summary as Summary, run as run, run_one as run_one
