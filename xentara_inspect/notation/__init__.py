"""Annotated diagnostic notation: what packets look like to people."""
