"""Stand-ins for Sessionboard and Gleanin over real HTTP on loopback, for the demo, tests and benchmarks."""
