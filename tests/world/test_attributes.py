"""The registry of attributes: what is told of people is written in one file, and some things never are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.world import attributes
from models.world.attributes import ATTRIBUTES, COLOURS, DEFINED, FILE, REGISTRY, read, read_attribute, with_state
from models.world.blocked_words import blocked
from models.world.errors import BadInput

SCARF = """
[scarf]
wording = "whether something is worn round the neck"
values = ["yes", "no"]
head = "band"
rows = [0.0, 0.25]
min_height_px = 45
version = 2
state = "proposed"  # until somebody has looked at it
"""


def test_a_definition_says_everything_about_an_attribute() -> None:
    scarf = read(SCARF)["scarf"]
    assert (scarf.key, scarf.values, scarf.head, scarf.rows) == ("scarf", ("yes", "no"), "band", (0.0, 0.25))
    assert (scarf.min_height_px, scarf.version, scarf.state) == (45, 2, "proposed")
    assert read(FILE.read_text())["shirt"].values == COLOURS


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("version = 2\n", "", "needs .*version"),
        ("[scarf]", "[Scarf]", "its key is small letters"),
        ('["yes", "no"]', '["yes"]', "two or more different words"),
        ('["yes", "no"]', '["yes", "unknown"]', "unknown not among them"),
        ('["yes", "no"]', '["yes", "yes"]', "two or more different words"),
        ('head = "band"', 'head = "guess"', "its head is one of colour, band"),
        ('head = "band"', 'head = "colour"', 'are "colours"'),
        ("rows = [0.0, 0.25]\n", "", "rows = "),
        ("rows = [0.0, 0.25]", "rows = [0.5, 0.25]", "rows = "),
        ("min_height_px = 45", "min_height_px = 0", "min_height_px is a number over 0"),
        ("version = 2", "version = 0", "version is 1 or more"),
        ('"proposed"', '"liked"', "its state is one of proposed, approved, retired"),
        ("[scarf]", "[scarf", "not TOML"),
    ],
)
def test_a_wrong_definition_is_refused_with_the_reason(old: str, new: str, reason: str) -> None:
    assert old in SCARF
    with pytest.raises(BadInput, match=reason):
        read(SCARF.replace(old, new))


def test_a_decision_changes_one_line_of_the_file() -> None:
    both = FILE.read_text() + SCARF
    approved = with_state(both, "scarf", "approved")
    changed = [(a, b) for a, b in zip(both.splitlines(), approved.splitlines(), strict=True) if a != b]
    assert changed == [('state = "proposed"  # until somebody has looked at it', 'state = "approved"')]
    assert read(with_state(approved, "scarf", "retired"))["scarf"].state == "retired"
    with pytest.raises(BadInput, match="scarf is approved already"):
        with_state(approved, "scarf", "approved")
    with pytest.raises(BadInput, match=r"no attribute 'cap'; known: .*scarf"):
        with_state(both, "cap", "approved")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("[scarf]", "[age]"),
        ("[scarf]", "[age-group]"),
        ("[scarf]", "[face]"),
        ('["yes", "no"]', '["male", "female"]'),
        ('["yes", "no"]', '["child", "other"]'),
        ("worn round the neck", "seen of a person's ethnicity"),
    ],
)
def test_what_says_a_blocked_word_may_be_proposed_but_never_approved(old: str, new: str) -> None:
    text = SCARF.replace(old, new)
    (key,) = read(text)
    with pytest.raises(BadInput, match=r"cannot be approved: .* is a blocked word"):
        with_state(text, key, "approved")
    with pytest.raises(BadInput, match="cannot be approved"):
        read(text.replace('"proposed"', '"approved"'))


REFUSED = """
    sex Gender GENDER-GUESS age ageGroup age_band s3x äge men woman's ethnicity ethnic-origin race skin-tone facial
    face_shape beard religion hijab old young teenager nationality Geschlecht Gesicht männlich biometrics
"""
FINE = "luggage bandage package surface bracelet golden canteen romance hatband black white yes"


@pytest.mark.parametrize("text", REFUSED.split())
def test_blocked_words_and_their_synonyms_are_found_however_they_are_written(text: str) -> None:
    assert blocked([text]), text


@pytest.mark.parametrize("text", FINE.split())
def test_words_that_only_look_like_blocked_ones_are_not(text: str) -> None:
    assert blocked([text]) is None, text


@given(st.text(max_size=30))
def test_any_text_can_be_looked_at(text: str) -> None:
    assert blocked([text]) is None or isinstance(blocked([text]), str)


def test_what_may_be_asked_is_what_is_approved() -> None:
    assert set(ATTRIBUTES) == {key for key, one in REGISTRY.items() if one.state == "approved"}
    assert list(ATTRIBUTES)[:3] == ["shirt", "trousers", "shoes"]
    assert set(ATTRIBUTES) <= set(DEFINED)
    assert all(blocked([one.key, one.wording, *one.values]) is None for one in REGISTRY.values())


def test_the_stored_version_changes_with_that_of_any_approved_attribute() -> None:
    assert attributes.version().split() == [f"{key}-{REGISTRY[key].version}" for key in ATTRIBUTES]


def test_asking_for_what_does_not_exist_names_what_does() -> None:
    assert read_attribute("shirt:blue") == ("shirt", "blue")
    for text, reason in {
        "blue": "write key:value",
        "sex:f": "'sex' is not an attribute; known: shirt, trousers, shoes",
        "shirt:teal": "'teal' is not a value of shirt; known: black, white, grey",
    }.items():
        with pytest.raises(ValueError, match=reason):
            read_attribute(text)


def test_asking_for_what_is_not_approved_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attributes, "REGISTRY", {**REGISTRY, **read(SCARF)})
    monkeypatch.setattr(attributes, "ATTRIBUTES", {"shirt": COLOURS})
    with pytest.raises(ValueError, match="'scarf' is proposed, so it cannot be asked for; known: shirt"):
        read_attribute("scarf:yes")
