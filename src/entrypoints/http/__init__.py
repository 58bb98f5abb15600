"""The HTTP entrypoint: a JSON API, the product UI, and the portals."""
