from django.apps import AppConfig


class SubscriptionsConfig(AppConfig):
    name = "chatops.subscriptions"
