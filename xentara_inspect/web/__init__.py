"""Pages for a browser, each whole in itself: nothing is fetched."""
