"""Users, persons and companies as SuperOffice carries them (contract E.3, M.1 to M.3, B.5)."""

# ruff: noqa: RUF009 - these calls are field specifiers, made once per field on purpose

from dataclasses import dataclass
from typing import ClassVar

from chatops.superoffice.entities.carrier import (
    Carrier,
    dicts,
    flag,
    mapping,
    nested,
    number,
    numbers,
    text,
    texts,
)
from chatops.superoffice.jsontext import JSONDict


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class TableRight(Carrier):
    """Rights on a row: `mask` is a comma list of words, or a number in lists (contract E.3)."""

    mask: str = text("Mask")
    reason: str = text("Reason")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Associate(Carrier):
    """A user of SuperOffice (M.1). `ej_user_id` is the same user in Service's own numbering."""

    associate_id: int = number("AssociateId")
    name: str = text("Name")
    person_id: int = number("PersonId")
    rank: int = number("Rank")
    tooltip: str = text("Tooltip")
    type: str = text("Type")
    group_idx: int = number("GroupIdx")
    full_name: str = text("FullName")
    formal_name: str = text("FormalName")
    deleted: bool = flag("Deleted")
    ej_user_id: int = number("EjUserId")
    user_name: str = text("UserName")
    extra_fields: JSONDict = mapping("ExtraFields")
    custom_fields: JSONDict = mapping("CustomFields")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "AssociateId"

    @property
    def id(self) -> int:
        """The object's own id."""
        return self.associate_id


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Principal(Carrier):
    """Who the credentials belong to (B.5): the answer of `User/currentPrincipal`."""

    user_type: str = text("UserType")
    associate: str = text("Associate")
    associate_id: int = number("AssociateId")
    is_person: bool = flag("IsPerson")
    person_id: int = number("PersonId")
    country_id: int = number("CountryId")
    home_country_id: int = number("HomeCountryId")
    contact_id: int = number("ContactId")
    group_id: int = number("GroupId")
    business_id: int = number("BusinessId")
    category_id: int = number("CategoryId")
    contact_owner: int = number("ContactOwner")
    role_id: int = number("RoleId")
    role_name: str = text("RoleName")
    role_description: str = text("RoleDescription")
    role_type: str = text("RoleType")
    licenses: tuple[JSONDict, ...] = dicts("Licenses")
    full_name: str = text("FullName")
    e_mail_address: str = text("EMailAddress")
    function_rights: tuple[str, ...] = texts("FunctionRights")
    ej_user_id: int = number("EjUserId")
    ej_access_level: int = number("EjAccessLevel")
    ej_user_status: str = text("EjUserStatus")
    secondary_groups: tuple[int, ...] = numbers("SecondaryGroups")
    database_context_identifier: str = text("DatabaseContextIdentifier")
    user_name: str = text("UserName")

    KEY: ClassVar[str] = "AssociateId"

    @property
    def id(self) -> int:
        """The associate's id."""
        return self.associate_id


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChatPresence(Carrier):
    """Whether an agent is there (M.12). `user_id` is an ejuser id [inferred]."""

    user_id: int = number("UserId")
    display_name: str = text("DisplayName")
    ongoing_chats: int = number("OngoingChats")
    present: bool = flag("Present")
    chat_topics: tuple[int, ...] = numbers("ChatTopics")


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person(Carrier):
    """A customer contact (M.2)."""

    position: str = text("Position")
    person_id: int = number("PersonId")
    mrmrs: str = text("Mrmrs")
    firstname: str = text("Firstname")
    lastname: str = text("Lastname")
    middle_name: str = text("MiddleName")
    title: str = text("Title")
    description: str = text("Description")
    email: str = text("Email")
    full_name: str = text("FullName")
    direct_phone: str = text("DirectPhone")
    formal_name: str = text("FormalName")
    country_id: int = number("CountryId")
    contact_id: int = number("ContactId")
    contact_name: str = text("ContactName")
    retired: int = number("Retired")
    rank: int = number("Rank")
    active_interests: int = number("ActiveInterests")
    contact_department: str = text("ContactDepartment")
    contact_country_id: int = number("ContactCountryId")
    contact_org_nr: str = text("ContactOrgNr")
    fax_phone: str = text("FaxPhone")
    mobile_phone: str = text("MobilePhone")
    contact_phone: str = text("ContactPhone")
    associate_name: str = text("AssociateName")
    associate_id: int = number("AssociateId")
    use_person_address: bool = flag("UsePersonAddress")
    contact_fax: str = text("ContactFax")
    kanafname: str = text("Kanafname")
    kanalname: str = text("Kanalname")
    post1: str = text("Post1")
    post2: str = text("Post2")
    post3: str = text("Post3")
    email_name: str = text("EmailName")
    contact_full_name: str = text("ContactFullName")
    active_erp_links: int = number("ActiveErpLinks")
    ticket_priority_id: int = number("TicketPriorityId")
    support_language_id: int = number("SupportLanguageId")
    support_associate_id: int = number("SupportAssociateId")
    category_name: str = text("CategoryName")
    person_number: str = text("PersonNumber")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "PersonId"

    @property
    def id(self) -> int:
        """The object's own id."""
        return self.person_id


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Contact(Carrier):
    """A company (M.3)."""

    contact_id: int = number("ContactId")
    name: str = text("Name")
    org_nr: str = text("OrgNr")
    department: str = text("Department")
    url: str = text("URL")
    city: str = text("City")
    direct_phone: str = text("DirectPhone")
    associate_id: int = number("AssociateId")
    country_id: int = number("CountryId")
    email_address: str = text("EmailAddress")
    kananame: str = text("Kananame")
    email_address_name: str = text("EmailAddressName")
    url_name: str = text("URLName")
    associate_full_name: str = text("AssociateFullName")
    business_name: str = text("BusinessName")
    category_name: str = text("CategoryName")
    country_name: str = text("CountryName")
    address: JSONDict = mapping("Address")
    formatted_address: str = text("FormattedAddress")
    full_name: str = text("FullName")
    is_owner_contact: bool = flag("IsOwnerContact")
    active_erp_links: int = number("ActiveErpLinks")
    number1: str = text("Number1")
    number2: str = text("Number2")
    table_right: TableRight | None = nested("TableRight", TableRight)
    field_properties: JSONDict = mapping("FieldProperties")

    KEY: ClassVar[str] = "ContactId"

    @property
    def id(self) -> int:
        """The object's own id."""
        return self.contact_id
