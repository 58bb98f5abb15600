"""The migrations, as Alembic runs them."""
