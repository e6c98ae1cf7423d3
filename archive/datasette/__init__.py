"""Our pages in Datasette. Everything is read; nothing here writes."""
