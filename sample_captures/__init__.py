"""The sample captures and how they are made."""
