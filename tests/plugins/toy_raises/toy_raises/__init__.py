"""A package that raises while it is loaded."""

raise RuntimeError("the box is empty")
