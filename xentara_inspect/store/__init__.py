"""SQLite: the journal of frames, what is derived from it, and read-only queries."""
