"""What drives the core: the command line, HTTP, the worker, and the sandbox."""
