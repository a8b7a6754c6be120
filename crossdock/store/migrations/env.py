"""Runs migrations on the connection that store/schema.py hands in; its transaction is the caller's."""

from alembic import context

from crossdock.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=False,  # the caller has begun the transaction and ends it
)
context.run_migrations()
