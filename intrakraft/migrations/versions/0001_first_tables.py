"""The first tables."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from intrakraft.domain import base, search

# fmt: off
revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('account',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('username', sa.String(length=30), nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('entity_name', sa.String(length=120), nullable=False),
    sa.Column('entity_role', sa.String(length=80), nullable=False),
    sa.Column('place_of_business', sa.String(length=120), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('district', sa.String(length=80), nullable=False),
    sa.Column('state', sa.String(length=60), nullable=False),
    sa.Column('state_code', sa.String(length=2), nullable=False),
    sa.Column('pin', sa.String(length=6), nullable=False),
    sa.Column('status', sa.String(length=16), nullable=False),
    sa.Column('status_reason', sa.String(length=600), nullable=False),
    sa.Column('status_until', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('status_changed_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('status_by', sa.String(length=40), nullable=False),
    sa.Column('frozen_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('language', sa.String(length=8), nullable=False),
    sa.Column('is_staff_role', sa.String(length=20), nullable=False),
    sa.Column('email_verified_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_seen_on', sa.Date(), nullable=True),
    sa.CheckConstraint("kind = 'self' OR (entity_name <> '' AND entity_role <> '')", name=op.f('ck_account_firm_is_named')),
    sa.CheckConstraint("kind IN ('self', 'representative')", name=op.f('ck_account_kind')),
    sa.CheckConstraint("status = 'registering' OR email_verified_at IS NOT NULL", name=op.f('ck_account_email_is_verified')),
    sa.CheckConstraint("status IN ('registering', 'active', 'limited', 'suspended', 'terminated', 'blocked')", name=op.f('ck_account_status')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_account')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.create_index('ix_account_status', ['status', 'created_at'], unique=False)
        batch_op.create_index('uq_account_username', ['username'], unique=True, sqlite_where=sa.text("status <> 'registering'"), postgresql_where=sa.text("status <> 'registering'"))

    op.create_table('blocked_identifier',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('identifier', sa.LargeBinary(), nullable=False),
    sa.Column('reason', sa.String(length=600), nullable=False),
    sa.Column('review_on', sa.Date(), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blocked_identifier')),
    sa.UniqueConstraint('identifier', name=op.f('uq_blocked_identifier_identifier'))
    )
    op.create_table('policy_version',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('version', sa.String(length=16), nullable=False),
    sa.Column('lang', sa.String(length=8), nullable=False),
    sa.Column('effective_on', sa.Date(), nullable=False),
    sa.Column('modified_on', sa.Date(), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('recorded_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_policy_version')),
    sa.UniqueConstraint('kind', 'version', 'lang', name=op.f('uq_policy_version_kind_version_lang'))
    )
    op.create_table('acceptance',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('subject_id', base.BigId, nullable=False),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('policy_version_id', base.BigId, nullable=False),
    sa.Column('lang', sa.String(length=8), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('statement_version', sa.String(length=16), nullable=False),
    sa.Column('statement_sha256', sa.String(length=64), nullable=False),
    sa.Column('on_behalf_of', sa.String(length=8), nullable=False),
    sa.Column('accepted_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.CheckConstraint("kind <> 'authority' OR on_behalf_of = 'firm'", name=op.f('ck_acceptance_authority_is_for_a_firm')),
    sa.CheckConstraint("kind IN ('policy', 'terms', 'adult', 'authority')", name=op.f('ck_acceptance_kind')),
    sa.CheckConstraint("on_behalf_of IN ('self', 'firm')", name=op.f('ck_acceptance_on_behalf_of')),
    sa.ForeignKeyConstraint(['policy_version_id'], ['policy_version.id'], name=op.f('fk_acceptance_policy_version_id')),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_acceptance_subject_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_acceptance'))
    )
    with op.batch_alter_table('acceptance', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_acceptance_subject_id'), ['subject_id'], unique=False)

    op.create_table('challenge',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('account_id', base.BigId, nullable=True),
    sa.Column('kind', sa.String(length=16), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=True),
    sa.Column('code', sa.LargeBinary(), nullable=True),
    sa.Column('code_sent_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('code_until', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('sends', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('stay', sa.Boolean(), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('passed_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('used_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint('tries BETWEEN 0 AND 5', name=op.f('ck_challenge_five_tries')),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_challenge_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_challenge')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_challenge_token_hash'))
    )
    with op.batch_alter_table('challenge', schema=None) as batch_op:
        batch_op.create_index('ix_challenge_account_id', ['account_id', 'kind', 'id'], unique=False)
        batch_op.create_index('ix_challenge_expires_at', ['expires_at'], unique=False)

    op.create_table('child_report',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('subject_id', base.BigId, nullable=False),
    sa.Column('grounds', sa.Text(), nullable=False),
    sa.Column('decision', sa.String(length=9), nullable=False),
    sa.Column('decided_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('decided_by', sa.String(length=40), nullable=False),
    sa.Column('reported_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_child_report_subject_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_child_report'))
    )
    with op.batch_alter_table('child_report', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_child_report_subject_id'), ['subject_id'], unique=False)

    op.create_table('contact',
    sa.Column('subject_id', base.BigId, autoincrement=False, nullable=False),
    sa.Column('name', sa.LargeBinary(), nullable=False),
    sa.Column('street', sa.LargeBinary(), nullable=False),
    sa.Column('landmark', sa.LargeBinary(), nullable=True),
    sa.Column('email', sa.LargeBinary(), nullable=False),
    sa.Column('phone', sa.LargeBinary(), nullable=True),
    sa.Column('email_index', sa.LargeBinary(), nullable=False),
    sa.Column('phone_index', sa.LargeBinary(), nullable=True),
    sa.Column('email_is_proved', sa.Boolean(), nullable=False),
    sa.Column('changed_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_contact_subject_id')),
    sa.PrimaryKeyConstraint('subject_id', name=op.f('pk_contact'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index('uq_contact_email_index', ['email_index'], unique=True, sqlite_where=sa.text('email_is_proved'), postgresql_where=sa.text('email_is_proved'))

    op.create_table('credential',
    sa.Column('subject_id', base.BigId, autoincrement=False, nullable=False),
    sa.Column('password_hash', sa.LargeBinary(), nullable=False),
    sa.Column('changed_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_credential_subject_id')),
    sa.PrimaryKeyConstraint('subject_id', name=op.f('pk_credential'))
    )
    op.create_table('device',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('account_id', base.BigId, nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('family', sa.String(length=40), nullable=False),
    sa.Column('system', sa.String(length=40), nullable=False),
    sa.Column('trusted_until', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_device_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_device')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_device_token_hash'))
    )
    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_device_account_id'), ['account_id'], unique=False)

    op.create_table('email_change',
    sa.Column('subject_id', base.BigId, autoincrement=False, nullable=False),
    sa.Column('address', sa.LargeBinary(), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_email_change_subject_id')),
    sa.PrimaryKeyConstraint('subject_id', name=op.f('pk_email_change'))
    )
    op.create_table('listing',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('lister_id', base.BigId, nullable=False),
    sa.Column('status', sa.String(length=8), nullable=False),
    sa.Column('form_key', sa.String(length=32), nullable=False),
    sa.Column('title', sa.String(length=120), nullable=False),
    sa.Column('description', sa.Text(), nullable=False),
    sa.Column('category', sa.String(length=40), nullable=False),
    sa.Column('price_paise', sa.BigInteger(), nullable=True),
    sa.Column('unit', sa.String(length=12), nullable=False),
    sa.Column('pin', sa.String(length=6), nullable=False),
    sa.Column('town', sa.String(length=80), nullable=False),
    sa.Column('district', sa.String(length=80), nullable=False),
    sa.Column('state_code', sa.String(length=2), nullable=False),
    sa.Column('cell', sa.Integer(), nullable=True),
    sa.Column('shows', sa.String(length=40), nullable=False),
    sa.Column('posted_no', base.BigId, nullable=True),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('posted_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('changed_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('closed_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("status <> 'live' or (posted_no is not null and title <> '')", name=op.f('ck_listing_live_is_whole')),
    sa.CheckConstraint("status in ('draft', 'live', 'paused', 'closed', 'removed')", name=op.f('ck_listing_status')),
    sa.CheckConstraint('price_paise is null or price_paise > 0', name=op.f('ck_listing_price_above_zero')),
    sa.ForeignKeyConstraint(['lister_id'], ['account.id'], name=op.f('fk_listing_lister_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_listing')),
    sa.UniqueConstraint('lister_id', 'form_key', name=op.f('uq_listing_lister_id_form_key')),
    sa.UniqueConstraint('posted_no', name=op.f('uq_listing_posted_no'))
    )
    with op.batch_alter_table('listing', schema=None) as batch_op:
        batch_op.create_index('ix_listing_cell', ['cell', 'posted_no'], unique=False)
        batch_op.create_index('ix_listing_lister_id', ['lister_id', 'id'], unique=False)

    op.create_table('notice',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('subject_id', base.BigId, nullable=False),
    sa.Column('kind', sa.String(length=40), nullable=False),
    sa.Column('channel', sa.String(length=8), nullable=False),
    sa.Column('payload', sa.LargeBinary(), nullable=True),
    sa.Column('state', sa.String(length=8), nullable=False),
    sa.Column('attempts', sa.Integer(), nullable=False),
    sa.Column('due_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('sent_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('read_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint("channel in ('mail', 'screen')", name=op.f('ck_notice_channel')),
    sa.CheckConstraint("state in ('queued', 'sent', 'failed', 'dropped')", name=op.f('ck_notice_state')),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_notice_subject_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notice'))
    )
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.create_index('ix_notice_due_at', ['due_at'], unique=False, postgresql_where=sa.text("state = 'queued'"), sqlite_where=sa.text("state = 'queued'"))
        batch_op.create_index('ix_notice_subject_id', ['subject_id', 'id'], unique=False)

    op.create_table('passkey',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('subject_id', base.BigId, nullable=False),
    sa.Column('credential_id', sa.LargeBinary(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', base.BigId, nullable=False),
    sa.Column('device', sa.String(length=80), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_used_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_passkey_subject_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey')),
    sa.UniqueConstraint('credential_id', name=op.f('uq_passkey_credential_id'))
    )
    with op.batch_alter_table('passkey', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_passkey_subject_id'), ['subject_id'], unique=False)

    op.create_table('passkey_ceremony',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('subject_id', base.BigId, nullable=False),
    sa.Column('challenge', sa.LargeBinary(), nullable=False),
    sa.Column('expires_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_passkey_ceremony_subject_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey_ceremony'))
    )
    with op.batch_alter_table('passkey_ceremony', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_passkey_ceremony_subject_id'), ['subject_id'], unique=False)

    op.create_table('profile_choice',
    sa.Column('subject_id', base.BigId, autoincrement=False, nullable=False),
    sa.Column('field', sa.String(length=24), nullable=False),
    sa.Column('seen_by', sa.String(length=16), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_profile_choice_subject_id')),
    sa.PrimaryKeyConstraint('subject_id', 'field', name=op.f('pk_profile_choice'))
    )
    op.create_table('recovery_code',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('subject_id', base.BigId, nullable=False),
    sa.Column('code_hash', sa.LargeBinary(), nullable=False),
    sa.Column('used_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_recovery_code_subject_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recovery_code'))
    )
    with op.batch_alter_table('recovery_code', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_recovery_code_subject_id'), ['subject_id'], unique=False)

    op.create_table('security_event',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('account_id', base.BigId, nullable=True),
    sa.Column('kind', sa.String(length=32), nullable=False),
    sa.Column('device', sa.String(length=90), nullable=False),
    sa.Column('happened_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_security_event_account_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_security_event'))
    )
    with op.batch_alter_table('security_event', schema=None) as batch_op:
        batch_op.create_index('ix_security_event_account_id', ['account_id', 'id'], unique=False)

    op.create_table('totp_secret',
    sa.Column('subject_id', base.BigId, autoincrement=False, nullable=False),
    sa.Column('secret', sa.LargeBinary(), nullable=False),
    sa.Column('confirmed_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('last_step', base.BigId, nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_totp_secret_subject_id')),
    sa.PrimaryKeyConstraint('subject_id', name=op.f('pk_totp_secret'))
    )
    op.create_table('disclosure',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('subject_id', base.BigId, nullable=False),
    sa.Column('recipient_id', base.BigId, nullable=False),
    sa.Column('purpose', sa.String(length=16), nullable=False),
    sa.Column('because_id', base.BigId, nullable=False),
    sa.Column('listing_id', base.BigId, nullable=False),
    sa.Column('fields', sa.String(length=200), nullable=False),
    sa.Column('asked_for', sa.Boolean(), nullable=False),
    sa.Column('second_step', sa.Boolean(), nullable=False),
    sa.Column('policy_version_id', base.BigId, nullable=False),
    sa.Column('disclosed_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_read_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('misused_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.CheckConstraint('subject_id <> recipient_id', name=op.f('ck_disclosure_to_another')),
    sa.ForeignKeyConstraint(['listing_id'], ['listing.id'], name=op.f('fk_disclosure_listing_id')),
    sa.ForeignKeyConstraint(['policy_version_id'], ['policy_version.id'], name=op.f('fk_disclosure_policy_version_id')),
    sa.ForeignKeyConstraint(['recipient_id'], ['account.id'], name=op.f('fk_disclosure_recipient_id')),
    sa.ForeignKeyConstraint(['subject_id'], ['account.id'], name=op.f('fk_disclosure_subject_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosure')),
    sa.UniqueConstraint('purpose', 'because_id', 'subject_id', name=op.f('uq_disclosure_purpose_because_id_subject_id'))
    )
    with op.batch_alter_table('disclosure', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_disclosure_listing_id'), ['listing_id'], unique=False)
        batch_op.create_index('ix_disclosure_recipient_id', ['recipient_id', 'disclosed_at'], unique=False)
        batch_op.create_index('ix_disclosure_subject_id', ['subject_id', 'id'], unique=False)

    op.create_table('expression_of_interest',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('listing_id', base.BigId, nullable=False),
    sa.Column('lister_id', base.BigId, nullable=False),
    sa.Column('interested_id', base.BigId, nullable=False),
    sa.Column('message', sa.String(length=600), nullable=False),
    sa.Column('shares_contact', sa.Boolean(), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('withdrawn_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['interested_id'], ['account.id'], name=op.f('fk_expression_of_interest_interested_id')),
    sa.ForeignKeyConstraint(['lister_id'], ['account.id'], name=op.f('fk_expression_of_interest_lister_id')),
    sa.ForeignKeyConstraint(['listing_id'], ['listing.id'], name=op.f('fk_expression_of_interest_listing_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_expression_of_interest'))
    )
    with op.batch_alter_table('expression_of_interest', schema=None) as batch_op:
        batch_op.create_index('ix_expression_of_interest_interested_id', ['interested_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_expression_of_interest_lister_id'), ['lister_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_expression_of_interest_listing_id'), ['listing_id'], unique=False)
        batch_op.create_index('uq_expression_of_interest_standing', ['listing_id', 'interested_id'], unique=True, sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))

    op.create_table('listing_draft',
    sa.Column('listing_id', base.BigId, nullable=False),
    sa.Column('lister_id', base.BigId, nullable=False),
    sa.Column('typed', sa.JSON(), nullable=False),
    sa.Column('refused', sa.JSON(), nullable=False),
    sa.Column('kept_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['lister_id'], ['account.id'], name=op.f('fk_listing_draft_lister_id')),
    sa.ForeignKeyConstraint(['listing_id'], ['listing.id'], name=op.f('fk_listing_draft_listing_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('listing_id', name=op.f('pk_listing_draft'))
    )
    with op.batch_alter_table('listing_draft', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_listing_draft_lister_id'), ['lister_id'], unique=False)

    op.create_table('listing_photo',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('listing_id', base.BigId, nullable=False),
    sa.Column('lister_id', base.BigId, nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('token', sa.String(length=32), nullable=False),
    sa.Column('kept_on', sa.Date(), nullable=False),
    sa.Column('alt', sa.String(length=200), nullable=False),
    sa.Column('made_by_machine', sa.Boolean(), nullable=False),
    sa.Column('renditions', sa.JSON(), nullable=False),
    sa.Column('width', sa.Integer(), nullable=False),
    sa.Column('height', sa.Integer(), nullable=False),
    sa.Column('original_bytes', sa.BigInteger(), nullable=False),
    sa.Column('dhash', sa.BigInteger(), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['lister_id'], ['account.id'], name=op.f('fk_listing_photo_lister_id')),
    sa.ForeignKeyConstraint(['listing_id'], ['listing.id'], name=op.f('fk_listing_photo_listing_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_listing_photo')),
    sa.UniqueConstraint('listing_id', 'position', name=op.f('uq_listing_photo_listing_id_position')),
    sa.UniqueConstraint('token', name=op.f('uq_listing_photo_token'))
    )
    with op.batch_alter_table('listing_photo', schema=None) as batch_op:
        batch_op.create_index('ix_listing_photo_lister_id', ['lister_id', 'id'], unique=False)

    op.create_table('search_entry',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('listing_id', base.BigId, nullable=False),
    sa.Column('lister_id', base.BigId, nullable=False),
    sa.Column('words', sa.Text().with_variant(postgresql.TSVECTOR(), 'postgresql'), nullable=False),
    sa.ForeignKeyConstraint(['lister_id'], ['account.id'], name=op.f('fk_search_entry_lister_id')),
    sa.ForeignKeyConstraint(['listing_id'], ['listing.id'], name=op.f('fk_search_entry_listing_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_search_entry')),
    sa.UniqueConstraint('listing_id', name=op.f('uq_search_entry_listing_id')),
    sqlite_autoincrement=True
    )
    with op.batch_alter_table('search_entry', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_search_entry_lister_id'), ['lister_id'], unique=False)

    op.create_table('sign_in_session',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('account_id', base.BigId, nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('device_id', base.BigId, nullable=True),
    sa.Column('family', sa.String(length=40), nullable=False),
    sa.Column('system', sa.String(length=40), nullable=False),
    sa.Column('stay', sa.Boolean(), nullable=False),
    sa.Column('created_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('expires_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.Column('verified_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.Column('ended_at', base.UtcDateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['account_id'], ['account.id'], name=op.f('fk_sign_in_session_account_id')),
    sa.ForeignKeyConstraint(['device_id'], ['device.id'], name=op.f('fk_sign_in_session_device_id'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sign_in_session')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_sign_in_session_token_hash'))
    )
    with op.batch_alter_table('sign_in_session', schema=None) as batch_op:
        batch_op.create_index('ix_sign_in_session_account_id', ['account_id', 'id'], unique=False)
        batch_op.create_index(batch_op.f('ix_sign_in_session_device_id'), ['device_id'], unique=False)

    op.create_table('disclosure_reading',
    sa.Column('id', base.BigId, nullable=False),
    sa.Column('disclosure_id', base.BigId, nullable=False),
    sa.Column('read_at', base.UtcDateTime(timezone=True), nullable=False),
    sa.ForeignKeyConstraint(['disclosure_id'], ['disclosure.id'], name=op.f('fk_disclosure_reading_disclosure_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_disclosure_reading'))
    )
    with op.batch_alter_table('disclosure_reading', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_disclosure_reading_disclosure_id'), ['disclosure_id'], unique=False)
    search.create_search(op.get_bind())


def downgrade() -> None:
    search.drop_search(op.get_bind())
    with op.batch_alter_table('disclosure_reading', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_disclosure_reading_disclosure_id'))

    op.drop_table('disclosure_reading')
    with op.batch_alter_table('sign_in_session', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_sign_in_session_device_id'))
        batch_op.drop_index('ix_sign_in_session_account_id')

    op.drop_table('sign_in_session')
    with op.batch_alter_table('search_entry', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_search_entry_lister_id'))

    op.drop_table('search_entry')
    with op.batch_alter_table('listing_photo', schema=None) as batch_op:
        batch_op.drop_index('ix_listing_photo_lister_id')

    op.drop_table('listing_photo')
    with op.batch_alter_table('listing_draft', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_listing_draft_lister_id'))

    op.drop_table('listing_draft')
    with op.batch_alter_table('expression_of_interest', schema=None) as batch_op:
        batch_op.drop_index('uq_expression_of_interest_standing', sqlite_where=sa.text('withdrawn_at IS NULL'), postgresql_where=sa.text('withdrawn_at IS NULL'))
        batch_op.drop_index(batch_op.f('ix_expression_of_interest_listing_id'))
        batch_op.drop_index(batch_op.f('ix_expression_of_interest_lister_id'))
        batch_op.drop_index('ix_expression_of_interest_interested_id')

    op.drop_table('expression_of_interest')
    with op.batch_alter_table('disclosure', schema=None) as batch_op:
        batch_op.drop_index('ix_disclosure_subject_id')
        batch_op.drop_index('ix_disclosure_recipient_id')
        batch_op.drop_index(batch_op.f('ix_disclosure_listing_id'))

    op.drop_table('disclosure')
    op.drop_table('totp_secret')
    with op.batch_alter_table('security_event', schema=None) as batch_op:
        batch_op.drop_index('ix_security_event_account_id')

    op.drop_table('security_event')
    with op.batch_alter_table('recovery_code', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_recovery_code_subject_id'))

    op.drop_table('recovery_code')
    op.drop_table('profile_choice')
    with op.batch_alter_table('passkey_ceremony', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_passkey_ceremony_subject_id'))

    op.drop_table('passkey_ceremony')
    with op.batch_alter_table('passkey', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_passkey_subject_id'))

    op.drop_table('passkey')
    with op.batch_alter_table('notice', schema=None) as batch_op:
        batch_op.drop_index('ix_notice_subject_id')
        batch_op.drop_index('ix_notice_due_at', postgresql_where=sa.text("state = 'queued'"), sqlite_where=sa.text("state = 'queued'"))

    op.drop_table('notice')
    with op.batch_alter_table('listing', schema=None) as batch_op:
        batch_op.drop_index('ix_listing_lister_id')
        batch_op.drop_index('ix_listing_cell')

    op.drop_table('listing')
    op.drop_table('email_change')
    with op.batch_alter_table('device', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_device_account_id'))

    op.drop_table('device')
    op.drop_table('credential')
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.drop_index('uq_contact_email_index', sqlite_where=sa.text('email_is_proved'), postgresql_where=sa.text('email_is_proved'))

    op.drop_table('contact')
    with op.batch_alter_table('child_report', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_child_report_subject_id'))

    op.drop_table('child_report')
    with op.batch_alter_table('challenge', schema=None) as batch_op:
        batch_op.drop_index('ix_challenge_expires_at')
        batch_op.drop_index('ix_challenge_account_id')

    op.drop_table('challenge')
    with op.batch_alter_table('acceptance', schema=None) as batch_op:
        batch_op.drop_index(batch_op.f('ix_acceptance_subject_id'))

    op.drop_table('acceptance')
    op.drop_table('policy_version')
    op.drop_table('blocked_identifier')
    with op.batch_alter_table('account', schema=None) as batch_op:
        batch_op.drop_index('uq_account_username', sqlite_where=sa.text("status <> 'registering'"), postgresql_where=sa.text("status <> 'registering'"))
        batch_op.drop_index('ix_account_status')

    op.drop_table('account')
