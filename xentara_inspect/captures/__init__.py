"""Frames out of other people's files."""
