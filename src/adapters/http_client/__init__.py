"""The one HTTP client: through it alone requests to other systems are sent."""
