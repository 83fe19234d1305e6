"""Batch: many sessions' reports at once, on this computer or on many; `therapy_review.reports.runner` is the way in.

plan (what is current, what must be made, what may not be made) → make (a kernel for each report, in a few
processes) → keep (only the program that was started writes into the journal) → index.
"""
