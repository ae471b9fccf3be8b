"""The history of the schema, as SQL files."""
