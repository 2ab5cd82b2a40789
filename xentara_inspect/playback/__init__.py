"""Recordings played again: to clients in the place of a server, to a server in the place of a client."""
