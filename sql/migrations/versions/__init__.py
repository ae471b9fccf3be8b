"""One module per migration, each naming its SQL files."""
