"""What drives the core: the command line, the sandbox, and later HTTP and workers."""
