"""Who signs in and with which roles. Every change is in the trail."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import BaseUserCreationForm
from django.contrib.auth.models import Group, User
from django.db.models import ManyToManyField
from django.forms import CheckboxSelectMultiple, ModelForm, ModelMultipleChoiceField
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from chatops.actions import trail
from chatops.console.admin.operators import ForOperators, ReadOnly
from chatops.console.admin.times import when
from chatops.console.screen import caller_from

FIELDSETS = (
    (None, {"fields": ("username", "password")}),
    (_("Person"), {"fields": ("first_name", "last_name", "email")}),
    (_("Access"), {"fields": ("is_active", "groups")}),
)


if TYPE_CHECKING:
    CreationForm = BaseUserCreationForm[User]
    DjangosUserAdmin = UserAdmin[User]
else:  # Django's own classes take no type parameters when they run
    CreationForm = BaseUserCreationForm
    DjangosUserAdmin = UserAdmin


class PersonForm(CreationForm):
    """A new person: name, password, roles."""

    class Meta(BaseUserCreationForm.Meta):
        fields = ("username", "groups")
        widgets: ClassVar = {"groups": CheckboxSelectMultiple}


# Django's own pages for these two give way to ours.
admin.site.unregister([User, Group])


@admin.register(User)
class PersonAdmin(ForOperators, DjangosUserAdmin):
    """People. Superusers are made on the machine only: nobody grants what they do not have."""

    heading = _("People")
    add_form = PersonForm
    list_display = (
        "username",
        "first_name",
        "last_name",
        "roles",
        "is_active",
        when("last_login", "last sign-in"),
    )
    list_filter = ("groups", "is_active")
    fieldsets = FIELDSETS  # type: ignore[assignment]  # Django's own shape, plainer than its stubs
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2", "groups")}),)
    filter_horizontal = ()
    ordering = ("username",)

    def formfield_for_manytomany(
        self, db_field: ManyToManyField[Any, Any], request: HttpRequest, **more: Any
    ) -> ModelMultipleChoiceField[Any] | None:
        """Roles to tick: there are four."""
        more |= {"widget": CheckboxSelectMultiple, "label": _("Roles"), "help_text": ""}
        return super().formfield_for_manytomany(db_field, request, **more)

    @admin.display(description="roles")
    def roles(self, person: User) -> str:
        if person.is_superuser:
            return "superuser"
        return ", ".join(sorted(group.name for group in person.groups.all()))

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("groups")

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def save_model(
        self, request: HttpRequest, obj: User, form: ModelForm[User], change: bool
    ) -> None:
        # Who has a role uses the console; who has none is told so at the door.
        obj.is_staff = True
        super().save_model(request, obj, form, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        person: User = form.instance
        before = _roles(person) if change else ""
        super().save_related(request, form, formsets, change)
        trail.record(
            "person_changed" if change else "person_added",
            caller=caller_from(request),
            object=f"user:{person.pk}",
            before=before[:40],
            after=_roles(person)[:40],
            detail={"fields": sorted(form.changed_data), "active": person.is_active},
        )


def _roles(person: User) -> str:
    return ",".join(sorted(person.groups.values_list("name", flat=True)))


@admin.register(Group)
class RoleAdmin(ReadOnly):
    """The roles, and who has them; roles are given at the person."""

    heading = _("Roles")
    list_display = ("name", "members")
    fields = ("name", "members")
    readonly_fields = ("members",)
    ordering = ("name",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).prefetch_related("user_set")

    @admin.display(description="people")
    def members(self, role: Group) -> str:
        return ", ".join(sorted(person.get_username() for person in role.user_set.all()))
