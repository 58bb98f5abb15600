"""The machine: its clock, and names that nothing has had before."""
