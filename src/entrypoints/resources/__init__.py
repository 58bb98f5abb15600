"""The resources that the JSON API returns and `--json` prints: one model for each, by subject."""
