"""Days of people as Parquet files in the object store: for notebooks, for DuckDB, and as the archive of older days."""

from pipelines.export.files import Export
from pipelines.export.reading import Exports
from pipelines.export.writing import changed, export_day

__all__ = ["Export", "Exports", "changed", "export_day"]
