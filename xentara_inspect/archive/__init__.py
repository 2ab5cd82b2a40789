"""Sealed files of recordings as Parquet, in a directory or an object store: written, verified, read back."""
