"""The sans-I/O core: what the bytes of a connection say. No I/O, no clock, no text for people."""
