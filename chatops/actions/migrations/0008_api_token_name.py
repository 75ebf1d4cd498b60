"""An API token is called so: in the state of the models only, nothing in the database changes."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("actions", "0007_shown")]

    operations = [
        migrations.AlterModelOptions(name="apitoken", options={"verbose_name": "API token"}),
    ]
