"""`serve`: Datasette on recordings, with pages of our own. The one place that knows Datasette."""
