from django.db import migrations, models

import chatops.remote.fields


class Migration(migrations.Migration):
    dependencies = [
        ("subscriptions", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="subscription",
            name="previous_secret",
            field=chatops.remote.fields.EncryptedTextField(blank=True, default=""),
        ),
        migrations.AddField(
            model_name="subscription",
            name="previous_until",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
