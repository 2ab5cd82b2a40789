"""Both ends of recording: what the proxy hands over, and the process that writes it."""
