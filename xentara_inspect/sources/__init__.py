"""Sources of frames. Each only says who talked, when, and what bytes; the rest is the same for all."""
