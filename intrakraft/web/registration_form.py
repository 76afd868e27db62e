"""The registration form and the notice beside it, both from the labels of what registration asks for.

A field without its label, or a label without its field, is a fault that a test finds (P-012).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import request
from flask_babel import gettext
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, EmailField, HiddenField, PasswordField, RadioField, SelectField, TelField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from intrakraft.adapters.offload import offload
from intrakraft.domain import places
from intrakraft.domain.accounts import Kind, Registration, passwords, registering
from intrakraft.domain.base import N_, Model
from intrakraft.domain.errors import Invalid
from intrakraft.domain.labels import Label, Visibility, registration_labels
from intrakraft.domain.privacy import policy
from intrakraft.domain.privacy.policy import Agreed, OnBehalfOf
from intrakraft.web.choices import language
from intrakraft.web.forms import Form, Line
from intrakraft.web.state import database

BOXES = (Agreed.ADULT, Agreed.AUTHORITY, Agreed.POLICY, Agreed.TERMS)
FIELD_NAMES = {"credential.password_hash": ("password",), "acceptance.kind": tuple(box.value for box in BOXES)}
SEEN_BY = {
    Visibility.PUBLIC: N_("everybody"),
    Visibility.MEMBERS: N_("signed-in people"),
    Visibility.COUNTERPARTIES: N_("people you deal with"),
    Visibility.ME: N_("you"),
    Visibility.STAFF: N_("staff with a case"),
    Visibility.NOBODY: N_("nobody, only the machine"),
}
NOT_LISTED = N_("India Post lists no such PIN. Check it, or write town, district and state yourself.")


def _needed(sentence: object) -> DataRequired:
    return DataRequired(sentence)


def _at_most(letters: int) -> Length:
    return Length(max=letters, message=_l("At most %(max)d letters, please."))


class RegistrationForm(Form):
    """The promised fields and no other, each statement with a box of its own."""

    kind = RadioField(
        _l("I sign up"),
        choices=[
            SelectChoice(Kind.SELF, _l("For myself")),
            SelectChoice(Kind.REPRESENTATIVE, _l("For a firm, as its authorised representative")),
        ],
        default=Kind.SELF,
    )
    entity_name = Line(
        _l("Name of the firm"),
        [Optional(), _at_most(120)],
        description=_l("Only if you sign up for a firm"),
        render_kw={"autocomplete": "off"},
    )
    entity_role = Line(
        _l("What you are in the firm"),
        [Optional(), _at_most(80)],
        description=_l("For example partner, director, manager"),
        render_kw={"autocomplete": "organization-title"},
    )
    name = Line(_l("Your name"), [_needed(_l("Write your name.")), _at_most(120)], render_kw={"autocomplete": "name"})
    place_of_business = Line(
        _l("Place of business"),
        [_needed(_l("Write the name your business goes by.")), _at_most(120)],
        description=_l("Shown to everybody, with the city"),
        render_kw={"autocomplete": "organization"},
    )
    street = Line(
        _l("Address"),
        [_needed(_l("Write house, street and locality.")), _at_most(200)],
        description=_l("House, street, locality. Shown to nobody until you deal with them"),
        render_kw={"autocomplete": "street-address"},
    )
    landmark = Line(
        _l("Landmark"),
        [Optional(), _at_most(120)],
        description=_l("Helps a driver find you"),
        render_kw={"autocomplete": "off"},
    )
    pin = Line(
        _l("PIN"),
        [_needed(_l("Enter the 6 digits of the PIN."))],
        description=_l("Fills in district and state; you can correct them"),
        render_kw={"inputmode": "numeric", "autocomplete": "postal-code", "maxlength": 12},
    )
    city = Line(
        _l("City, town or village"),
        [_needed(_l("Write the city, town or village.")), _at_most(80)],
        render_kw={"autocomplete": "address-level2"},
    )
    district = Line(
        _l("District"), [_needed(_l("Write the district.")), _at_most(80)], render_kw={"autocomplete": "off"}
    )
    state = SelectField(
        _l("State"), [_needed(_l("Choose the state or union territory."))], render_kw={"autocomplete": "address-level1"}
    )
    email = EmailField(
        _l("E-mail"),
        [_needed(_l("Write your e-mail address.")), _at_most(254)],
        description=_l("We send a code to it now. People who ask about your goods see it"),
        render_kw={"autocomplete": "email"},
    )
    phone = TelField(
        _l("Phone"),
        [Optional(), _at_most(40)],
        description=_l("Lets interested people call you"),
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )
    username = Line(
        _l("Username"),
        [_needed(_l("Choose a username."))],
        description=_l("Shown to everybody. 3 to 30 letters a to z, digits, dots or hyphens"),
        render_kw={"autocomplete": "username", "autocapitalize": "none", "spellcheck": "false", "maxlength": 30},
    )
    password = PasswordField(
        _l("Password"),
        [_needed(_l("Choose a password."))],
        description=_l("12 letters or more. Four plain words are fine."),
        render_kw={"autocomplete": "new-password"},
    )
    adult = BooleanField(validators=[_needed(_l("Without this no account can be opened."))])
    authority = BooleanField()
    policy = BooleanField(validators=[_needed(_l("Without this no account can be opened."))])
    terms = BooleanField(validators=[_needed(_l("Without this no account can be opened."))])
    next = HiddenField()

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        spoken = language()
        named = [SelectChoice(state.name, state.name_in(spoken)) for state in places.STATES]
        self.state.choices = [SelectChoice("", gettext("Choose")), *sorted(named, key=lambda one: one.label)]
        for box in BOXES:
            self[box].label.text = policy.statement(box, spoken).words

    @property
    def asks_for_place(self) -> bool:
        """Whether “Fill in from PIN” was pressed, and not the button that registers."""
        return "fill" in request.form

    @property
    def on_behalf_of(self) -> OnBehalfOf:
        """For whom the person speaks."""
        return OnBehalfOf.FIRM if self.kind.data == Kind.REPRESENTATIVE else OnBehalfOf.SELF

    @property
    def boxes(self) -> list[Agreed]:
        """The statements this person has to make."""
        return [box for box in BOXES if box is not Agreed.AUTHORITY or self.on_behalf_of is OnBehalfOf.FIRM]

    def fill_place(self, *, anew: bool) -> RegistrationForm:
        """Fill town, district and state in from the PIN: all `anew` where it was asked for, else only what is empty."""
        try:
            place = places.place_of_pin(places.normalise_pin(self.pin.data or ""))
        except Invalid as problem:
            return self.reject(problem) if anew else self  # type: ignore[return-value]
        if place is None:
            return self.reject(Invalid({"pin": NOT_LISTED})) if anew else self  # type: ignore[return-value]
        for field, found in ((self.district, place.district), (self.state, place.state), (self.city, place.district)):
            if found and (not field.data or (anew and field is not self.city)):
                field.data = found
        return self

    def checked(self) -> Registration | None:
        """What was typed, in normal spelling, or None where problems stand beside the fields now, all at once."""
        self.fill_place(anew=False)
        self.validate()
        for check in (self._check_authority, self._check_password):
            self._hold(check)
        found = self._hold(lambda: registering.checked(database().session, self.registration()))
        return None if self.errors else found

    def _hold(self, check: Callable[[], Registration | None]) -> Registration | None:
        try:
            return check()
        except Invalid as refusal:
            new = {name: words for name, words in refusal.problems.items() if not self[name].errors}
            if new:
                self.reject(Invalid(new))
            return None

    def registration(self) -> Registration:
        """What was typed, as it is."""
        names = [name for name in Registration.__dataclass_fields__ if name not in ("kind", "language")]
        return Registration(
            kind=Kind(self.kind.data if self.kind.data in list(Kind) else Kind.SELF),
            language=language(),
            **{name: self[name].data or "" for name in names},
        )

    def _check_authority(self) -> None:
        if self.on_behalf_of is OnBehalfOf.FIRM and not self.authority.data:
            raise Invalid({"authority": N_("Without this no account can be opened for a firm.")})

    def _check_password(self) -> None:
        about = [self[name].data or "" for name in ("name", "place_of_business", "username", "email", "entity_name")]
        if self.password.data:
            offload(passwords.check_choice, self.password.data, about)


@dataclass(frozen=True, slots=True)
class Item:
    """One line of the notice: what is asked, why, and who sees it."""

    name: str
    why: str
    seen_by: str


def fields_of(column: str) -> tuple[str, ...]:
    """The form fields that ask for a labelled column, by its name as `table.column`."""
    return FIELD_NAMES.get(column, (column.partition(".")[2],))


def asked() -> list[tuple[str, Label]]:
    """Every column that registration fills, with its label."""
    return registration_labels(Model.metadata)


def notice(form: RegistrationForm) -> list[Item]:
    """The itemised notice of what this form asks for, from the same labels as the form (P-012; DPDP Act s.5)."""
    return [
        Item(
            gettext("Your four statements")
            if len(fields_of(column)) > 1
            else str(form[fields_of(column)[0]].label.text),
            gettext(label.why),
            gettext(SEEN_BY[label.visibility]),
        )
        for column, label in asked()
    ]
