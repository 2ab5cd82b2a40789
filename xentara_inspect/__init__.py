"""Records, decodes and explains the WebSocket traffic of Xentara."""
