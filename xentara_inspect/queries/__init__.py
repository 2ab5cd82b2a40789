"""Read-only questions to one database or several; one room a question."""
