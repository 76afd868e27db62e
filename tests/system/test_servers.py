"""The servers that tests lean on are real: each answers its own protocol and starts empty."""

import os
import smtplib

import psycopg
import pytest
import redis


@pytest.mark.postgres
def test_postgres_speaks_hindi_and_knows_trigrams():
    with psycopg.connect(os.environ["INTRAKRAFT_TEST_POSTGRES_URL"], autocommit=True) as connection:
        found = connection.execute("SELECT to_tsvector('hindi', 'साड़ियाँ') @@ to_tsquery('hindi', 'साड़ी')").fetchone()
        names = {name for (name,) in connection.execute("SELECT name FROM pg_available_extensions")}
    assert found == (True,)
    assert {"pg_trgm", "unaccent"} <= names


def test_valkey_starts_empty(valkey):
    with redis.Redis.from_url(valkey) as client:
        assert client.dbsize() == 0
        assert client.set("a", "b")


def test_object_store_keeps_bytes(s3):
    client = s3.client()
    client.put_object(Bucket=s3.bucket, Key="a/b", Body=b"saree")
    assert client.get_object(Bucket=s3.bucket, Key="a/b")["Body"].read() == b"saree"


def test_post_office_keeps_mail_and_can_refuse(smtp):
    letter = "Subject: =?utf-8?b?4KSo4KSu4KS44KWN4KSk4KWH?=\r\n\r\nx"
    with smtplib.SMTP("127.0.0.1", smtp.port) as line:
        line.sendmail("a@example.in", ["b@example.in"], letter)
        smtp.refuse = "550 no such person"
        with pytest.raises(smtplib.SMTPDataError):
            line.sendmail("a@example.in", ["b@example.in"], letter)
    assert [mail["Subject"] for mail in smtp.mails] == ["नमस्ते"]
