"""The family of errors a person may meet here.

Each message is one sentence that says what is wrong, in which file, and what to do. The command line and the
notebooks show that sentence and nothing else; a traceback means a mistake of ours, never of the client's.
"""

from __future__ import annotations


class TherapyReviewError(Exception):
    """Root of everything the workbook raises on purpose; ``str(error)`` is the sentence to show."""


class JournalError(TherapyReviewError):
    """The journal's folder, or something in it, is not as it should be."""


class NotThereError(JournalError):
    """There is no file of that name."""


class LockedError(JournalError):
    """The journal is sealed, and what opens it is not at hand or is another."""


class NoteError(TherapyReviewError):
    """A session's notes can't be read or saved as they stand."""


class NoteChangedError(NoteError):
    """The notes were changed by another program since they were read; nothing was overwritten."""


class RecordingError(TherapyReviewError):
    """A recording can't be opened, has no sound, or is not what its name says."""


class ConsentError(TherapyReviewError):
    """Somebody heard in the recording has not agreed to this use of it."""


class TurnsError(TherapyReviewError):
    """A table of turns is not well formed."""


class MarkError(TherapyReviewError):
    """A mark has no place in a session, or no kind."""


class NotAnalysedError(TherapyReviewError):
    """The session has no turns yet, or its sound changed since they were found."""


class DiarizerError(TherapyReviewError):
    """What should find out who spoke when is unknown, lacks something, or gave no turns."""


class TrendsError(TherapyReviewError):
    """What is to be looked at across sessions is unknown, or its numbers and days do not fit."""


class MissingPackageError(TherapyReviewError):
    """Something that was asked for needs a package that is not installed; the message says how to add it."""


class ReportError(TherapyReviewError):
    """A notebook or report could not be made."""


class ImportFileError(TherapyReviewError):
    """A file of moods or appointments can't be brought in as it stands."""


class ShareError(TherapyReviewError):
    """A clip can't go out as it was asked for; nothing was written."""
