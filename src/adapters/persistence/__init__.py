"""Memory that lasts: SQLite or PostgreSQL, by SQLAlchemy Core."""
