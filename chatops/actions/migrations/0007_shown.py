from django.db import migrations, models


class Migration(migrations.Migration):
    """What an action was answered with is kept for a day, for those who repeat the request."""

    dependencies = [("actions", "0006_trail_append_only")]

    operations = [
        migrations.AddField("action", "shown", models.JSONField(null=True)),
        migrations.AddIndex(
            "action",
            models.Index(
                fields=["settled_at"],
                condition=models.Q(shown__isnull=False),
                name="action_shown",
            ),
        ),
    ]
