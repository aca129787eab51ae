"""Each check accepts what its source publishes, and refuses the nearest wrong thing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealift.sealing.redact.checks.validators import VALIDATORS

RIGHT_AND_WRONG = {
    "alone": (
        ["Naomi Feldstein", "Feldstein, Naomi", "Ilyès Benkirane", "Grace Larsen", "Rose O'Neil"],
        [
            "Naomi",
            "Rose Gold",
            "Sierra Leone",
            "Austin, Texas",
            "Ruby Installation",
            "Jane Eyre",
            "",
        ],
    ),
    "of-role": (
        ["Loredana", "Mirjam Koolhaas", "Grace Bello"],
        ["Grace", "Deutsche Bahn", "Support", "Grace Period", ""],
    ),
    "spoken": (
        ["horst", "rosalía fernández", "daan jansen", "josiane martin"],
        ["rose", "horst hat", "content", "hier", ""],
    ),
    "announced": (
        ["Maria Lestari", "Sofie"],
        ["Contoso", "Silver", "Accounts Payable", ""],
    ),
    "bank-card": (
        ["4111111111111111", "4111-1111-1111-1111", "378282246310005", "2223003122003222"],
        ["4111111111111112", "0000000000000000", "1234567812345670", "411111111111111", "", "4"],
    ),
    "cpf": (["529.982.247-25"], ["529.982.247-26", "111.111.111-11", "1"]),
    "dated-id": (
        ["640823-3234", "19640823-3234", "131052-308T", "736028/5163", "85.07.30-033.28"],
        ["640823-3235", "131052-308U", "123456-7890", "85.07.30-033.29", "991332-1234567", "", "/"],
    ),
    "dni": (["12345678Z", "X1234567L"], ["12345678A", "Z", ""]),
    "email": (
        ["ana@example.com", "ana at example dot com"],
        ["icon@2x.png", "git@github.com", "index.html at example.com", "home at dot dot com"],
    ),
    "germanic-street": (
        ["Hauptstraße 12a", "Am Markt 3"],
        ["Im Jahr 2020", "Brigade 5", "Parkplatz 3"],
    ),
    "greeted": (["Ann Lee", "Pan"], ["Dr", "Prof. Dr.", "Frau Dr.", "Everyone"]),
    "given-name": (["john smith", "Jean-Luc"], ["fine", "zzyzx", "", "john please"]),
    "iban": (
        ["GB82 WEST 1234 5698 7654 32", "de89370400440532013000", "NO93 8601 1117 947"],
        ["GB82 WEST 1234 5698 7654 33", "GB82WEST123456987654", "XX82", "", "ÄÖ82"],
    ),
    "identifier": (["A-1234"], ["abcd", "a123", "2024-05-17"]),
    "international-phone": (
        ["+44 20 7946 0992", "0049 30 123456", "+44 20\n7946 0992"],
        ["+1234567", "+0000000000", "+44 20 7946 0992\n12"],
    ),
    "introduced": (
        ["Jasmin", "Halina Nowak", "Schreiner Paul", "Mark"],
        ["Bretonne", "Steinbock", "Boulanger Pâtissier", "Müde", ""],
    ),
    "ipv4": (["10.0.0.1", "192[.]0[.]2[.]1"], ["127.0.0.1", "255.255.255.0", "0.0.0.0"]),
    "ipv6": (
        ["fe80::1", "2001:db8::", "::ffff:192.0.2.1"],
        ["::", "::1", "a::b", "1::2", "1:2", "", "x"],
    ),
    "issued": (["A-1234", "HR-55"], ["abcd", "a12-3", "A1-XY", "AB 12", "A12"]),
    "keyed": (["Mate", "Guézennec", "Hope"], ["Required", "String", "TypeScript", ""]),
    "known": (
        ["\u064a\u0648\u0633\u0641", "\u05e8\u05d5\u05e0\u05d9\u05ea"],
        ["\u0623\u0631\u064a\u062f", "\u05e8\u05d5\u05e6\u05d4", ""],
    ),
    "labelled": (
        ["Siglinde", "Line Næss", "Vitor dos Pacheco"],
        ["Stable", "See Attachment", "Accounts Payable", ""],
    ),
    "licence": (["D1234567", "A123-4567-8901"], ["renewal 2023", "ABCDEFG"]),
    "login": (["admin:s3cr3t", ":x9"], ["${USER}:${PASS}", "<user>:<password>"]),
    "luhn": (["49927398716", "4992 7398 716"], ["49927398717", "0000", "", "7"]),
    "mac": (
        ["00:1a:2b:3c:4d:5e", "001a.2b3c.4d5e"],
        ["ff:ff:ff:ff:ff:ff", "1234.5678.9012", "32-22-14-14-23-37"],
    ),
    "machine-made": (
        ["a8f5f167f44f4964e6c9", "63TsFKphgCusy81Q/l5r"],
        ["authentication-endpoint-v2", "/usr/share/a1b2c3d4", "2025-01-27", "12345678", ""],
    ),
    "national-id": (
        [
            "756.9217.0769.85",
            "12.345.678-5",
            "20-12345678-6",
            "11010519491231002X",
            "A123456789",
            "8506120231087",
            "1960101123456",
            "1000000008",
            "29001011234567",
            "2341 2341 2346",
            "44051401359",
            "10000000146",
            "518 370 242",
            "648 215 905",
            "1234567T",
            "1234567FA",
        ],
        [
            "756.9217.0769.86",
            "12.345.678-6",
            "A123456788",
            "S1234567A",
            "S1234567",
            "",
            "1",
            "8506120231088",
            "1960101123457",
            "1000000009",
            "29013211234567",
            "2341 2341 2347",
            "44051401358",
            "10000000147",
            "518 370 243",
            "1234567A",
            "1234567TA",
        ],
    ),
    "nhs-number": (["943 476 5919"], ["943 476 5918", "1"]),
    "nir": (["1 84 12 76 451 089 46"], ["1 84 12 76 451 089 47", ""]),
    "paper": (["533184027", "HGJTXC686"], ["CONTROL", "2023-05-01", "AB12"]),
    "people": (["Finn and Clara", "Emil, Ada & Freja", "Zoë"], ["Finn and", "I", "Tom and I", ""]),
    "person": (
        ["John Price", "Zoë", "AL", "Eun-ji Park", "Big Mike", "LaToya McKay"],
        [
            "Please",
            "The Team",
            "van",
            "README",
            "",
            "John The",
            "misspelled",
            "Big Deal",
            "Old-fashioned",
            "MediaWiki",
            "L",
        ],
    ),
    "phone": (
        ["555-1234", "(212) 555-0123 x9", "07400\n997561"],
        ["2025-01-27 10", "01/02/2023 1", "911", "0000000", "1000000", "555-1234\n12"],
    ),
    "phone-unannounced": (["020 7946 0992"], ["01 02 03 04", "2025-01-27 10"]),
    "plate": (
        ["AB 12", "M-U 329", "京A·12345", "12-345-67"],
        ["FOOD", "A1", "2019", "12 MM", "20 KG"],
    ),
    "romance-street": (["Via Roma 10"], ["via port 8080", "via Route 53"]),
    "secret": (
        ["hunter2", "correct horse"],
        ["********", "${PASS}", "required", "get()", "BLOCKED", "/bin/systemctl", "YOUR_PASSWORD"],
    ),
    "ssn": (
        ["209-46-8653", "814 09 4882", "912-70-1234"],
        ["000-12-3456", "666-12-3456", "900-12-3456", "123-00-4567", "123-45-0000", "12-3"],
    ),
    "street": (
        ["42 Maple Street", "19 The Crescent"],
        ["5 minutes down the road", "2 way street", "1991-2020, Thomas G. Lane"],
    ),
    "street-announced": (["12 Broadway"], ["3 people", "Area 51", "12"]),
    "street-of-name": (["54 Janice Plain"], ["3 Test Track", "2011 Timothy Wall", ""]),
    "strong": (["S3cret!99"], ["profile2", "pa$$word", "12345678", "get()"]),
    "titled": (["Sales", "kowalski", "HOUSE", "Zoë"], ["visit", "President", ""]),
    "token": (["a8f5f167f44f4964", "pa$$word"], ["application/json", "12345678", "undefined"]),
    "url": (
        ["https://example.com/users/42", "https://example.com/?q=a", "twitter.com/jack"],
        ["https://example.com/users/new", "https://www.linkedin.com/company/acme", "x.com/home"],
    ),
    "vin": (["1HGCM82633A004352"], ["1HGCM82643A004352", "1HGCM8263"]),
}


@pytest.mark.parametrize("name", sorted(VALIDATORS))
def test_a_check_accepts_the_right_and_refuses_the_wrong(name: str) -> None:
    right, wrong = RIGHT_AND_WRONG[name]
    assert [text for text in right if not VALIDATORS[name](text)] == []
    assert [text for text in wrong if VALIDATORS[name](text)] == []


@given(st.text(max_size=60))
def test_no_check_raises_on_any_text(text: str) -> None:
    for check in VALIDATORS.values():
        assert check(text) in (True, False)


@given(st.text(alphabet="0123456789 -ABCXYZ.:%", max_size=40))
def test_no_check_raises_on_anything_like_a_number(text: str) -> None:
    for check in VALIDATORS.values():
        assert check(text) in (True, False)


@given(st.integers(min_value=10**14, max_value=10**15 - 1))
def test_exactly_one_last_digit_satisfies_luhn(body: int) -> None:
    assert sum(VALIDATORS["luhn"](f"{body}{last}") for last in range(10)) == 1
