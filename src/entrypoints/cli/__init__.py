"""The command line, `gleanin-sync`."""
