"""The process that carries out runs: what its jobs call, and how it runs until it is stopped."""
