"""The cheap language check: abstain on other languages, never on English of any kind."""

import pytest

from assistant.signals.hostility.language import is_english
from assistant.signals.hostility.normalise import normalise


@pytest.mark.parametrize(
    "text",
    [
        "hola quiero hablar con usted porque no tengo mi dinero",
        "je ne suis pas content de votre service c'est pas possible",
        "ich habe das nicht bestellt und ich will mein geld",
        "non voglio questo e non mi piace come mi ha parlato",
        "eu quero falar com voce sobre a minha conta por favor",
        "ik heb dat niet besteld en ik wil het niet",
        "Почему вы не отвечаете на мои вопросы",
        "为什么我的订单还没有到",
        "لماذا لا تردون على مكالماتي",
    ],
)
def test_other_languages_are_not_judged(text: str) -> None:
    assert not is_english(text, normalise(text))


@pytest.mark.parametrize(
    "text",
    [
        "yes",
        "no no no",
        "i am having one doubt about my bill only",
        "wagwan mi need fi talk to di manager",
        "ye cannae charge me that pal",
        "he ain't never called me back",
        "my name is de la cruz maria jose",
        "visa",
        "idiot",
        "i want la carte blanche thing you people sell",
        "die",
        "just kill it",
        "o m g",
        "um",
        "that is so 愚蠢 stupid of you",
    ],
)
def test_english_of_any_kind_is_judged(text: str) -> None:
    assert is_english(text, normalise(text))
