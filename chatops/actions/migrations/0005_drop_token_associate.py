from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("actions", "0004_unmasking"),
    ]

    operations = [
        migrations.RemoveField(
            model_name="apitoken",
            name="associate_id",
        ),
    ]
