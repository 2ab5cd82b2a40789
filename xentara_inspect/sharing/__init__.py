"""Copies of recordings to give away: everything that the plant named is replaced, all else stays."""
