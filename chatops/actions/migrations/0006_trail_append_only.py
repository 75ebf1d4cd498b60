"""The database itself keeps the trail append-only.

A line is never changed, but that its actor or action may be deleted and leave null behind. It is
deleted only in the transaction of, or after, a line `trail_cut` whose object `line:N` says up to
which lines they go. (SQLite loses a trigger when a later migration rebuilds the table: such a one
has to make it again; tests/actions/test_trail.py tells.)
"""

from typing import Any

from django.db import migrations, models

TABLE = "actions_trailentry"
KEPT = ("id", "at", "caller", "what", "session_id", "object", "before", "after", "request_id")
FREED = ("actor_id", "action_id")
WHY = "the trail is append-only"


def _unchanged(same: str) -> str:
    kept = [f'NEW."{name}" {same} OLD."{name}"' for name in (*KEPT, "detail")]
    freed = [f'(NEW."{name}" IS NULL OR NEW."{name}" {same} OLD."{name}")' for name in FREED]
    return " AND ".join([*kept, *freed])


def _announced(number: str) -> str:
    last = f"CAST(NULLIF(substr(\"object\", 6), '') AS {number})"
    return f'EXISTS (SELECT 1 FROM {TABLE} WHERE "what" = \'trail_cut\' AND {last} >= OLD."id")'  # noqa: S608  # names of this file only


def sqlite() -> list[str]:
    """A trigger for each of the two."""
    refuse = f"BEGIN SELECT RAISE(ABORT, '{WHY}'); END"
    return [
        f"CREATE TRIGGER trail_unchanged BEFORE UPDATE ON {TABLE} "
        f"WHEN NOT ({_unchanged('IS')}) {refuse}",
        f"CREATE TRIGGER trail_undeleted BEFORE DELETE ON {TABLE} "
        f"WHEN NOT {_announced('INTEGER')} {refuse}",
    ]


def postgresql() -> list[str]:
    """One function for both."""
    return [
        f"""
        CREATE FUNCTION {TABLE}_guard() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF TG_OP = 'DELETE' AND {_announced("bigint")} THEN
                RETURN OLD;
            ELSIF TG_OP = 'UPDATE' AND {_unchanged("IS NOT DISTINCT FROM")} THEN
                RETURN NEW;
            END IF;
            RAISE EXCEPTION '{WHY}' USING ERRCODE = 'integrity_constraint_violation';
        END $$
        """,
        f"CREATE TRIGGER trail_guard BEFORE UPDATE OR DELETE ON {TABLE} "
        f"FOR EACH ROW EXECUTE FUNCTION {TABLE}_guard()",
    ]


UNDO = {
    "sqlite": ["DROP TRIGGER trail_unchanged", "DROP TRIGGER trail_undeleted"],
    "postgresql": [f"DROP TRIGGER trail_guard ON {TABLE}", f"DROP FUNCTION {TABLE}_guard()"],
}


def guard(_apps: Any, schema_editor: Any) -> None:
    """Make the triggers."""
    vendor = schema_editor.connection.vendor
    for statement in sqlite() if vendor == "sqlite" else postgresql():
        schema_editor.execute(statement, params=None)


def unguard(_apps: Any, schema_editor: Any) -> None:
    """Take them away again."""
    for statement in UNDO[schema_editor.connection.vendor]:
        schema_editor.execute(statement, params=None)


class Migration(migrations.Migration):
    dependencies = [("actions", "0005_drop_token_associate")]

    operations = [
        migrations.AddIndex(
            model_name="trailentry",
            index=models.Index(
                condition=models.Q(("what", "trail_cut")), fields=["-id"], name="trail_cuts"
            ),
        ),
        migrations.RunPython(guard, unguard),
    ]
