"""The checks that rules may name: what a match must pass besides its pattern."""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from sealift.sealing.redact.checks import (
    checksums,
    credentials,
    formats,
    national_numbers,
    people,
    streets,
)

VALIDATORS: Final[Mapping[str, Callable[[str], bool]]] = MappingProxyType(
    {
        "alone": people.alone,
        "announced": people.announced,
        "bank-card": checksums.bank_card,
        "cpf": checksums.cpf,
        "dated-id": national_numbers.dated_id,
        "dni": checksums.dni,
        "email": formats.email,
        "given-name": people.given_name,
        "greeted": people.greeted,
        "germanic-street": streets.germanic_street,
        "iban": checksums.iban,
        "identifier": formats.identifier,
        "international-phone": formats.international_phone,
        "introduced": people.introduced,
        "ipv4": formats.ipv4,
        "ipv6": formats.ipv6,
        "issued": formats.issued,
        "keyed": people.keyed,
        "known": people.known,
        "labelled": people.labelled,
        "licence": formats.licence,
        "login": credentials.login,
        "luhn": checksums.luhn,
        "mac": formats.mac,
        "machine-made": credentials.machine_made,
        "national-id": national_numbers.national_id,
        "nhs-number": checksums.nhs_number,
        "nir": checksums.nir,
        "of-role": people.of_role,
        "paper": formats.paper,
        "people": people.people,
        "person": people.person,
        "phone": formats.phone,
        "phone-unannounced": formats.phone_unannounced,
        "plate": formats.plate,
        "romance-street": streets.romance_street,
        "secret": credentials.secret,
        "spoken": people.spoken,
        "ssn": formats.ssn,
        "street-announced": streets.street_announced,
        "street": streets.street,
        "street-of-name": streets.street_of_name,
        "strong": credentials.strong,
        "titled": people.titled,
        "token": credentials.token,
        "url": formats.url,
        "vin": checksums.vin,
    },
)
"""Each takes the text that a rule would remove, undisguised, and says whether it is one.
All are pure, take linear time, and accept any text without raising."""
