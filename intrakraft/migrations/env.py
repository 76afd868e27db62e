"""Alembic's way in: it is handed a connection and never opens one."""

from alembic import context

from intrakraft.domain.base import Model
from intrakraft.migrations import is_ours

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=Model.metadata,
    include_object=is_ours,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=True,
    user_module_prefix="base.",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
