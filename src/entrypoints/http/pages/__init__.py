"""The product UI and the portals, rendered on the server."""
