"""Names behind the labels of forms: any layout, many languages, and nothing that is no name."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.sealing.redact import Redactor
from sealift.sealing.redact.checks.given_names import begins_with_given
from sealift.sealing.redact.checks.people import given_name, of_role

LAYOUTS = (
    "{label}: {name}",
    "{label} = {name}",
    "{label} -> {name}",
    "{label}: [{name}]",
    "[{label}] {name}",
    "| {label} | {name} |",
    "<td>{label}</td><td>{name}</td>",
    '<span class="f">{label}</span> <em>{name}</em>',
    "<li><strong>{label}:</strong> {name}</li>",
    "<b>{label}</b>: {name}",
    "### {label}\n{name}\n",
    "{label};{name}",
    "{label},{name}",
    "{label}\t{name}",
    "{label}: `{name}`",
    "{label} : « {name} »",
    "{label} ...... {name}",
    "**{label}:** {name}",
    "{label}:\n{name}",
    "{label} \u2013 {name}",
    "{label}\uff1a{name}",
)
LABELS = (
    "Guest name",
    "Account holder",
    "Patient",
    "Contact person",
    "Имя",
    "Пациент",
    "姓名",
    "성명",
    "Mieter",
    "Kontoinhaber",
    "Locataire",
    "Nom du client",
    "Inquilino",
    "Nombre completo",
    "Titolare",
    "Huurder",
    "Najemca",
    "Fornavn",
    "Sukunimi",
    "Příjmení",
    "Hasta ad\u0131",
    "Họ và tên",
    "Nama lengkap",
    "Ονοματεπώνυμο",
)
NAMES = ("Kreszentia", "Vitor dos Pacheco", "Никифор Моисеев", "林拓真")


@pytest.fixture(scope="module")
def usual() -> Redactor:
    return Redactor(("pii", "secrets"))


@pytest.mark.parametrize("layout", LAYOUTS)
def test_a_name_behind_its_label_goes_in_any_layout(usual: Redactor, layout: str) -> None:
    texts = [layout.format(label=label, name=name) for label in LABELS for name in NAMES]
    left = [text for text in texts for name in NAMES if name in usual.redact_text(text).data]
    assert left == []


@pytest.mark.parametrize(
    "text",
    [
        "Project name: Silver Lake",
        "Game name: Super Mario Kart",
        "Host name: web-21",
        "File name: Annual Report.pdf",
        "Customer: Larkhill Logistics GmbH",
        "Tenant: Larkhill Logistics GmbH",
        "First Name,Last Name,Email,City",
        "| Name | Description |",
        "Patient: Stable",
        "### Customer\nRequirements\n",
        "for fname in filenames",
        "det är Sverige som vinner",
        "Best\nRestaurants in town",
    ],
)
def test_what_stands_behind_a_label_and_is_no_name_stays(usual: Redactor, text: str) -> None:
    assert usual.redact_text(text).data == text


@given(
    st.lists(
        st.sampled_from(
            (
                *("Jean", "jean", "Otakarem", "Nguyễn", "Văn", "Nam", "José", "JOSE", "Ayşe'nin"),
                *("Jin-Woo", "सूरज", "Ays\u0327e", "Mai-Linh", "Ludmiła-Foo"),
                *("O'Neil", "Foo", "the", "Dr.", "J.", "X", "'t", "Mária", "1", "Ludmiła"),
            )
        ),
        min_size=1,
        max_size=4,
    ),
    st.sampled_from((" ", "-", ".", ". ", ", ", "/", "\n", " - ")),
)
def test_a_name_known_by_its_first_word_is_not_ruled_out_by_it(
    words: list[str], between: str
) -> None:
    text = between.join(words)
    cuts = [cut.start() for cut in re.finditer(r"[ \n.,/-]", text)]
    for end in (*cuts, len(text)):
        if given_name(text[:end]) or of_role(text[:end]):
            assert begins_with_given(text)
