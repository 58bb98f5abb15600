"""It has the name of a package of the program."""
