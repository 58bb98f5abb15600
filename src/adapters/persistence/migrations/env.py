"""The script that Alembic runs for each command: the migrations, in the transaction of the caller's connection."""

from alembic import context

from adapters.persistence.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
