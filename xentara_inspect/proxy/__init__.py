"""What runs inside mitmproxy beside the add-on itself."""
