"""A source of gleanin-sync: the sessions and speakers of pretalx."""
