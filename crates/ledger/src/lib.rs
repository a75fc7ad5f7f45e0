//! The event store: sorted Parquet files in an open Delta table. Append, compact, scan.
