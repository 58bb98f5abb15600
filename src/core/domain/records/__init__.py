"""Records: their kinds, source and destination records, synced records, outcomes and reasons."""
