"""The product UI and the portals, rendered here."""
