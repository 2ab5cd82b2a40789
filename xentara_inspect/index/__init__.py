"""Follows the journal and derives everything else from it, in a process of its own."""
