"""The text index, each database's own kind."""

from django.db import migrations, models

CREATE = {
    # Words come ready, separated by spaces: `ascii` takes every other character as part of a word.
    "sqlite": [
        "CREATE VIRTUAL TABLE mirror_searchtext USING fts5(words, tokenize = 'ascii', prefix = '3')"
    ],
    "postgresql": [
        "CREATE TABLE mirror_searchtext (rowid bigint PRIMARY KEY, words tsvector NOT NULL)",
        "CREATE INDEX searchtext_words ON mirror_searchtext USING gin (words)",
    ],
}


def create(apps, schema_editor):
    for statement in CREATE[schema_editor.connection.vendor]:
        schema_editor.execute(statement)


def drop(apps, schema_editor):
    schema_editor.execute("DROP TABLE mirror_searchtext")


class Migration(migrations.Migration):
    dependencies = [("mirror", "0001_initial")]

    operations = [
        migrations.SeparateDatabaseAndState(
            database_operations=[migrations.RunPython(create, drop)],
            state_operations=[
                migrations.CreateModel(
                    name="SearchText",
                    fields=[
                        (
                            "number",
                            models.BigIntegerField(
                                db_column="rowid", primary_key=True, serialize=False
                            ),
                        ),
                        ("words", models.TextField()),
                    ],
                ),
            ],
        ),
    ]
