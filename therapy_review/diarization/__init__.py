"""Diarization."""
