"""Archives decoded into tables of Parquet files, and questions to these."""
