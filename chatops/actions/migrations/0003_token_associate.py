from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("actions", "0002_creations"),
    ]

    operations = [
        migrations.AddField(
            model_name="apitoken",
            name="associate_id",
            field=models.IntegerField(blank=True, null=True),
        ),
    ]
