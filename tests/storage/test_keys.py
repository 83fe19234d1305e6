from __future__ import annotations

import re

import pytest
from hypothesis import given, strategies as st
from pyrage import encrypt, passphrase

from tests.conftest import CODE, WORDS
from therapy_review.errors import JournalError, LockedError
from therapy_review.storage import keys as k
from therapy_review.storage.keys import Identity, NewKeys


def test_the_passphrase_and_the_code_on_paper_open_the_same_identity(keys: NewKeys) -> None:
    assert str(k.opened(keys.by_passphrase, WORDS)) == str(keys.identity)
    assert str(k.opened(keys.by_recovery, k.plain_code(CODE.lower().replace("-", " ")))) == str(keys.identity)


def work_for(sealed: bytes) -> int:
    """The work for each guess, which doubles with each step."""
    found = re.search(rb"-> scrypt \S+ (\d+)\n", sealed)
    assert found
    return int(found[1])


def test_each_guess_costs_work_and_keys_made_in_earnest_open_as_the_light_ones_of_these_tests_do(
    keys: NewKeys, real_work: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(k, "TRIES", 1000)  # however busy this computer is
    heavy, light = k.locked_with(WORDS, keys.identity), keys.by_passphrase
    assert work_for(heavy) >= 10 > work_for(light)  # age aims at a second; on no computer is that less
    assert [line[:9] for line in heavy.splitlines()[:2]] == [line[:9] for line in light.splitlines()[:2]]
    assert str(k.opened(heavy, WORDS)) == str(keys.identity)


def test_neither_opens_what_the_other_does_and_nothing_else_opens_either(keys: NewKeys) -> None:
    for sealed, words in [
        (keys.by_passphrase, CODE),
        (keys.by_recovery, WORDS),
        (keys.by_passphrase, WORDS.title()),
    ]:
        with pytest.raises(LockedError, match="type it again"):
            k.opened(sealed, words)


def too_much_work(sealed: bytes) -> bytes:
    """Ask for so much work that no computer does it, as age sees a journal on a computer that is busy."""
    return re.sub(rb"(-> scrypt \S+) \d+", rb"\1 50", sealed)


def test_the_right_passphrase_is_tried_again_where_a_busy_computer_did_not_try_it(
    keys: NewKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    decrypt, busy = passphrase.decrypt, [True, True, False]
    monkeypatch.setattr(k, "WAIT", 0)
    monkeypatch.setattr(
        passphrase,
        "decrypt",
        lambda data, words: decrypt(too_much_work(data) if busy.pop(0) else data, words),
    )
    assert str(k.opened(keys.by_passphrase, WORDS)) == str(keys.identity)
    assert not busy


def test_a_computer_that_stays_too_busy_is_not_called_another_passphrase(
    keys: NewKeys, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(k, "WAIT", 0)
    with pytest.raises(JournalError, match=r"too busy .* other programs") as raised:
        k.opened(too_much_work(keys.by_passphrase), WORDS)
    assert not isinstance(raised.value, LockedError)


@pytest.mark.parametrize("damaged", [b"", b"nothing", b"age-encryption.org/v1\n"])
def test_a_damaged_identity_is_a_sentence(damaged: bytes) -> None:
    with pytest.raises(LockedError, match="does not open"):
        k.opened(damaged, WORDS)
    with pytest.raises(LockedError, match=r"damaged .* from a backup"):
        k.session_identities(damaged, Identity.generate())


def test_an_age_file_that_holds_no_identity_is_a_sentence() -> None:
    mine = Identity.generate()
    for content in (b"my notes\n", b"AGE-SECRET-KEY-1NOTAKEY\n", b"", b"\xff\xfe"):
        with pytest.raises(LockedError, match=r"can't be read; .*backup"):
            k.session_identities(encrypt(content, [mine.to_public()]), mine)


@pytest.mark.slow
def test_letters_with_accents_open_it_however_a_system_writes_them() -> None:
    mine = Identity.generate()
    apart = k.locked_with("cafe\u0301 gru\u0308n", mine)  # as a file from a Mac may have them
    assert str(k.opened(apart, "caf\u00e9 gr\u00fcn")) == str(mine)
    assert passphrase.decrypt(apart, "caf\u00e9 gr\u00fcn") == k.as_file(
        mine
    )  # as a keyboard gives them to age


def test_an_identity_file_is_the_one_that_age_writes() -> None:
    mine = Identity.generate()
    assert k.as_file(mine).startswith(b"AGE-SECRET-KEY-1")
    written_by_age = b"# created: 2026-03-04T10:00:00Z\n# public key: age1...\n" + k.as_file(mine)
    assert str(k.from_file(written_by_age)) == str(mine)


def test_recovery_codes_are_never_the_same_and_have_no_letters_that_look_alike() -> None:
    drawn = {k.new_recovery_code() for _ in range(200)}
    assert len(drawn) == 200
    letters = set("".join(drawn)) - {"-"}
    assert letters == set(k.LETTERS)
    assert not letters & set("01ILOU")


@given(st.text(k.LETTERS, min_size=30, max_size=30), st.data())
def test_a_code_may_be_typed_with_any_spaces_dashes_and_small_letters(
    letters: str, data: st.DataObject
) -> None:
    code = "-".join(letters[at : at + 5] for at in range(0, 30, 5))
    between = st.sampled_from(["", " ", "-", " - ", "  ", "\u2013", "\t"])
    typed = "".join(data.draw(between) + letter for letter in letters)
    typed = "".join(letter.lower() if data.draw(st.booleans()) else letter for letter in typed)
    assert k.plain_code(typed) == k.plain_code(code) == code


@pytest.mark.parametrize("words", ["password1", "letmein", "12345678", "Anna1990", "qwertz", "a"])
def test_what_is_easily_guessed_is_said_to_be_and_why(words: str) -> None:
    judged = k.strength(words)
    assert judged.is_weak
    assert "might find" in judged.sentence


def test_four_unrelated_words_are_strong_and_a_long_text_is_judged_at_once() -> None:
    assert not k.strength(WORDS).is_weak
    assert not k.strength("the heron stood in the car park " * 300).is_weak
