# ruff: noqa: SIM905 a list of words reads best as words
"""Texts with planted values in phrasings, locales and disguises that no rule was written from."""

import html
import random
import string
from collections.abc import Callable, Iterator
from typing import NamedTuple

from sealift.sealing.redact.checks import checksums

DIGITS, HEX = string.digits, "0123456789abcdef"
ALNUM = string.ascii_letters + string.digits


class Planted(NamedTuple):
    kind: str
    value: str
    text: str


def some(rng: random.Random, letters: str, count: int) -> str:
    return "".join(rng.choice(letters) for _ in range(count))


def filled(rng: random.Random, shape: str) -> str:
    """Return *shape* with a digit for each 0, 1 to 9 for each 9, hex for h and capital for A."""
    made = {"0": DIGITS, "9": "23456789", "h": HEX, "A": string.ascii_uppercase}
    return "".join(rng.choice(made[one]) if one in made else one for one in shape)


def card(rng: random.Random) -> str:
    prefix, length = rng.choice((("4", 16), ("53", 16), ("2301", 16), ("37", 15), ("6011", 16)))
    body = prefix + some(rng, DIGITS, length - len(prefix) - 1)
    number = next(body + d for d in DIGITS if checksums.luhn(body + d))
    gap = rng.choice(("", " ", "-"))
    sizes = (4, 6, 5) if length == 15 else (4, 4, 4, 4)
    parts = [number[sum(sizes[:n]) : sum(sizes[: n + 1])] for n in range(len(sizes))]
    return gap.join(parts)


def iban(rng: random.Random) -> str:
    shape = rng.choice(
        (
            *("DE" + "0" * 18, "FR" + "0" * 10 + "A" * 11 + "00", "GBAAAA" + "0" * 14),
            *("NLAAAA" + "0" * 10, "ES" + "0" * 20, "PL" + "0" * 24, "NO" + "0" * 11),
            "CH" + "0" * 17,
        ),
    )
    made = filled(rng, shape)
    made = next(
        one for n in range(98, 1, -1) if checksums.iban(one := f"{made[:2]}{n:02}{made[2:]}")
    )
    if rng.random() < 0.5:
        return " ".join(made[n : n + 4] for n in range(0, len(made), 4))
    return made


def ipv6(rng: random.Random) -> str:
    groups = [f"{rng.randrange(1, 65536):x}" for _ in range(8)]
    if rng.random() < 0.5:
        first = rng.randrange(1, 5)
        return ":".join(groups[:first]) + "::" + ":".join(groups[first + 2 :])
    return ":".join(groups)


def mac(rng: random.Random) -> str:
    octets = [some(rng, HEX, 2) for _ in range(5)] + ["a7"]
    made = rng.choice(
        (
            ":".join(octets),
            "-".join(octets),
            ".".join("".join(octets)[n : n + 4] for n in (0, 4, 8)),
        ),
    )
    return rng.choice((made, made.upper()))


NAMES = (
    "Oluwaseun Adeyemi", "Siobhán O'Reilly", "Mei-Ling Chen", "Jürgen Weiß", "Fatima Al-Zahra",
    "José García Márquez", "Łukasz Wiśniewski", "Priya Raghunathan", "Sean McAllister",
    "Anna-Lena Björk", "Dmitri Volkov", "Hiroshi Tanaka", "Nguyễn Thị Mai", "Zoë van der Berg",
    "Kwame Nkrumah", "Θεόδωρος Παπάς", "Chidi Okafor", "Ines D'Angelo", "Leila Haddad",
)  # fmt: skip

NAME_FRAMES = (
    "Hello, my name is {}.", "my name's {}, by the way", "I'm {}, nice to e-meet you",
    "Ich heiße {} und wohne hier", "me llamo {}, mucho gusto", "je m'appelle {}.",
    "mi chiamo {}!", "Dear {},", "Kind regards,\n{}", "Patient: {}", "Full name: {}",
    "Prof. {} agreed", "Mrs. {} phoned", "my neighbour {} saw it", "please call me {}",
    "it was nice to meet you, {}!", "This is {} speaking", "Name: {}", "my wife {} said so",
    "Emergency contact: {}", "signed by {}", "Frau {} fragt",
)  # fmt: skip

STREETS = (
    "87 Willow Creek Lane", "1204 N Jefferson Blvd", "9 Saint Mary's Road", "55 West 42nd Street",
    "Lindenstraße 8", "Goethestr. 17b", "Am Stadtpark 4", "31 rue des Martyrs",
    "7 bis, boulevard Voltaire", "Calle de Serrano, 21", "Avenida de Mayo 1370", "Via Veneto 50",
    "Piazza Navona 12", "Rua do Ouvidor, 60", "Herengracht 401", "Vasagatan 12",
    "ul. Piotrkowska 77", "P.O. Box 4410", "улица Арбат, 10", "640 Sunset Drive, Apt 12",
)  # fmt: skip

STREET_FRAMES = (
    "we moved to {} last year", "bring the parcel to {}.", "{} is my address", "Adresse: {}",
    "meet me at {}, ring twice",
)  # fmt: skip

PHONES = (
    "+44 20 7### ####", "+33 6 12 ## ## ##", "+49 (0)171 #######", "+1-212-555-####",
    "(617) 555-####", "617.555.####", "+34 612 ### ###", "+91 98### #####", "+61 4## ### ###",
    "+55 (11) 9####-####", "020 7### ####", "01 4# ## ## ##", "+81-90-####-####",
    "00 31 20 ### ####", "1 (303) 555-#### ext. ##", "+380 44 ### ####", "+972 50-###-####",
)  # fmt: skip


def make(kind: str, rng: random.Random) -> str:
    user = rng.choice(("j.doe", "ana_maria", "kim+lists", "o'hara", "x99", "Ren.É"))
    host = rng.choice(("mail.example.co.uk", "exämple.example", "sub.example.io", "example.museum"))
    made: dict[str, Callable[[], str]] = {
        "email": lambda: f"{user}{some(rng, DIGITS, 2)}@{host}",
        "phone": lambda: "".join(
            rng.choice(DIGITS) if one == "#" else one for one in rng.choice(PHONES)
        ),
        "card": lambda: card(rng),
        "iban": lambda: iban(rng),
        "ssn": lambda: filled(rng, rng.choice(("199-99-9999", "599 99 9999", "799-99-9999"))),
        "ipv4": lambda: ".".join(str(rng.randrange(1, 254)) for _ in range(4)),
        "ipv6": lambda: ipv6(rng),
        "mac": lambda: mac(rng),
        "url": lambda: rng.choice(
            (
                f"https://{host}/users/{user}/edit",
                f"http://example.org/?email={some(rng, HEX, 9)}",
                f"https://www.example.com/profile?id={some(rng, DIGITS, 6)}",
            ),
        ),
        "street": lambda: rng.choice(STREETS),
        "name": lambda: rng.choice(NAMES),
        "aws": lambda: "AKIA" + some(rng, string.ascii_uppercase + "234567", 16),
        "github": lambda: rng.choice(("ghp_", "gho_", "ghs_", "ghr_")) + some(rng, ALNUM, 36),
        "slack": lambda: f"xoxb-{some(rng, DIGITS, 12)}-{some(rng, ALNUM, 24)}",
        "stripe": lambda: "sk_live_" + some(rng, ALNUM, 24),
        "google": lambda: "AIza" + some(rng, ALNUM + "-_", 35),
        "jwt": lambda: (
            f"eyJ{some(rng, ALNUM, 30)}.eyJ{some(rng, ALNUM, 50)}.{some(rng, ALNUM, 43)}"
        ),
        "password": lambda: some(rng, ALNUM, 9) + rng.choice("!#%+"),
        "passport": lambda: filled(rng, rng.choice(("A0000000", "000000000", "AA0000000"))),
        "licence": lambda: filled(rng, rng.choice(("A0000000", "A000-0000-0000", "AA000000A"))),
        "mrn": lambda: filled(rng, "90000000"),
        "date": lambda: rng.choice(("14 March 2019", "2019-03-14", "03/14/2019", "14.3.2019")),
        "age": lambda: f"{rng.randrange(90, 105)} years old",
        "insurance": lambda: filled(rng, "AAA000000000"),
        "employee": lambda: filled(rng, "A-00000"),
        "icd": lambda: filled(rng, rng.choice(("E90.0", "J90.00", "S90.001"))),
        "serial": lambda: filled(rng, "AA-0000-000"),
    }
    return made[kind]()


FRAMES = {
    "name": NAME_FRAMES,
    "street": STREET_FRAMES,
    "phone": ("ring {} tonight", "{} is my mobile", "WhatsApp: {}", "fax {}.", "<{}>"),
    "password": ("password: {}", "my password is {}", "PGPASSWORD={} psql", '{{"passwd": "{}"}}'),
    "passport": ("passport number {}", "Passport No: {}", "Reisepass {}", "my passport is {},"),
    "licence": ("driver's license {}", "Driving licence no. {}", "DL# {}", "Führerschein: {}"),
    "mrn": ("MRN {}", "medical record number: {}", "MRN#{}", "Patient ID: {}"),
    "date": ("admitted on {}", "DOB: {}", "seen {}, again", "({})"),
    "insurance": ("insurance number: {}", "Member ID {}", "policy no. {}"),
    "employee": ("employee id {}", "Staff number: {}", "badge no. {}"),
    "serial": ("serial number {}", "S/N {}", "pacemaker serial: {}"),
}
ANY_FRAME = ("see {} there", "it was {}, I think", "({})", "{}", "value={};", '"{}"', "x: {}\ny")


def full_width(value: str, _: random.Random) -> str:
    return "".join(chr(ord(one) + 0xFEE0) if one.isdigit() else one for one in value)


def zero_width(value: str, rng: random.Random) -> str:
    at = rng.randrange(1, len(value))
    return value[:at] + rng.choice("\u200b\u200c\u200d\u2060\ufeff\u00ad") + value[at:]


def entities(value: str, rng: random.Random) -> str:
    at = rng.randrange(len(value))
    written = rng.choice((f"&#{ord(value[at])};", f"&#x{ord(value[at]):x};"))
    return value[:at] + written + value[at + 1 :]


def no_break(value: str, rng: random.Random) -> str:
    return value.replace(" ", rng.choice("\u00a0\u202f\u2009")).replace("-", "\u2011")


def other_digits(value: str, _: random.Random) -> str:
    return "".join(chr(0x0660 + int(one)) if "0" <= one <= "9" else one for one in value)


DISGUISES = (full_width, zero_width, entities, no_break, other_digits, html.escape)
KINDS = (
    "email phone card iban ssn ipv4 ipv6 mac url street name aws github slack stripe google jwt "
    "password passport licence mrn date age insurance employee icd serial"
).split()
PLAIN_ONLY = ("name", "street")


def planted(seed: int, count: int) -> Iterator[Planted]:
    """Yield *count* texts of each kind, a third of them disguised; the same for the same seed."""
    rng = random.Random(seed)
    for kind in KINDS:
        for _ in range(count):
            value = make(kind, rng)
            if rng.random() < 0.33:
                disguise = rng.choice(DISGUISES)
                value = str(disguise(value, rng)) if disguise is not html.escape else value
            frame = rng.choice(FRAMES.get(kind, ANY_FRAME))
            yield Planted(kind, value, frame.format(value))


HARMLESS = (
    "Dr. Pepper|call me later|I'm fine|my name is on the list|ISBN 978-3-16-148410-0|port 8080|"
    "tracking 1Z999AA10123456784|4,096 bytes|12:30:45|2025-01-27T10:30:00Z|SW1A 1AA|v2.0.0-rc.1|"
    "node@18.12.0|48.8566, 2.3522|$1,234.56|99.9%|error E1234|HTTP 404|RFC 2616|CVE-2024-12345|"
    "PR #4521|Boeing 747|Python 3.11.4|SHA-256|127.0.0.1|localhost:3000|SKU 4006381333931|"
    "https://docs.python.org/3/library/os.html|3.14159265358979|chapter 12 Verse 3|Room 101|"
    "5 minutes down the road|the 21st century|Best Regards Team|Hello World|1920x1080|16:9|"
    "std::vector<int>|a::b::c|password reset|token count: 4096|secret santa|24/7 support|Area 51|"
    "call 911|1 2 3 4 5|100 200 300 400|Section 4.2.1|AES-256-GCM|1700000000|1700000000000|"
    "1234567890123456|Call of Duty|Call me Maybe|I'm Loving It|Windows Server 2019|Route 66|"
    "In Kapitel 3|use Bearer tokens|batch 20240101|foo@bar|git@github.com:org/repo.git|"
    "SELECT * FROM users WHERE id = 5|Main Street|Dear Sir or Madam|General Motors|Father's Day|"
    "our Q4 Goals|kernel 5.15.0-91|1.0.0+20240115|population 8 045 311 447|zip 94043|PT15M|"
    "https://github.com/org/repo|docker run -p 8080:80 nginx:1.25|invoice 2024-000123|a1b2c3d4"
).split("|")


def harmless(seed: int, count: int) -> Iterator[tuple[str, str]]:
    """Yield texts and what must survive in them: fixed phrases and made-up look-alikes."""
    rng = random.Random(seed)
    for phrase in HARMLESS:
        yield phrase, f"Please look at {phrase} again."
    for _ in range(count):
        for made in (
            some(rng, HEX, 40),
            some(rng, HEX, 64),
            "-".join(some(rng, HEX, size) for size in (8, 4, 4, 4, 12)),
            f"{rng.randrange(24)}:{rng.randrange(60):02}",
            f"v{rng.randrange(20)}.{rng.randrange(20)}.{rng.randrange(20)}",
            f"order {filled(rng, '8999999999999999')}",
            f"{rng.random() * 90:.6f}",
            f"${rng.randrange(10**6):,}.{rng.randrange(100):02}",
        ):
            yield made, f"Note: {made}. Thanks"
