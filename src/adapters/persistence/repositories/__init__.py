"""One repository per protocol in `ports.store`."""
