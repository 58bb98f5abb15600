"""The sync itself: read both sides, plan, then show the plan (preview) or carry it out (run)."""
