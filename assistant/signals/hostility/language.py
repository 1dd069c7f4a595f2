"""Is it English? A cheap check by script and by function words, so that the judge abstains rather than guesses.

In: the text as it came and as normalised. Out: True when it may be judged. Errs to True: a short or mixed utterance is
judged.
"""

import unicodedata

_ENGLISH_WORDS = """
the and you i to a of it is in that my for on me have this be was not with can what do just so but no yes your
we are at if they there get will from as okay don't i'm it's he she how been when out would had up all know
like want need call thank thanks please right about has who his her them an am did going hello that's you're
never back
"""
_FOREIGN_WORDS = """
que de la el los las por para con una un es no lo se mi su te pero muy esta este esto porque como cuando donde
usted yo hola gracias tengo quiero necesito estoy eres tu favor puede si ya hay ser son fue del al nada todo
mierda puta dinero cuenta mas bien sin hace

le la les de des du un une et est je vous nous ne pas que qui dans pour avec sur mon votre ce cette il elle
ils suis avez oui bonjour merci c'est j'ai n'est tres bien plus mais comme tout etes ca moi toi tu putain
merde d'un l'heure

der die das und ist ich nicht sie ein eine einen mit auf fur von zu den dem es wir ihr mein meine aber auch
wie was haben habe bin sind sich noch nur schon kann bitte danke guten tag ja nein wenn dass warum scheisse
keine mir mich

il lo gli di che e non un una per con sono mi ti si ho hai ha questo questa perche come quando dove grazie
buongiorno voglio posso della del nel sei molto anche piu ma cosa cazzo

o os um uma de que e nao para com por mais mas como eu voce meu minha esta isso obrigado quero preciso tenho
muito bem ola bom dia ele ela seu sua na no em da do porra

de het een en van ik je niet dat die op te met voor zijn er maar ook hij wat wel naar bij deze dit geen goed
heb hebt mijn jij wij dank graag waarom kan

nie to jest sie na co jak ja tak ale mam czy prosze dziekuje dzien dobry moje pan pani przez bardzo dlaczego
jestem w z

ve bir bu ne icin ben sen cok var yok degil ama gibi nasil evet hayir tesekkurler merhaba lutfen neden
istiyorum

och det att jag inte ar en som pa med har hej tack vill kan inga mycket varfor den for mig
"""
_ENGLISH = frozenset(_ENGLISH_WORDS.split())
_FOREIGN = tuple(frozenset(block.split()) for block in _FOREIGN_WORDS.split("\n\n"))
_ANY_FOREIGN = frozenset().union(*_FOREIGN)


def is_english(raw: str, normalised: str) -> bool:
    """False when most letters of `raw` are of another script, or the function words are plainly of another language."""
    latin = other = 0
    for char in "" if raw.isascii() else raw:
        if char.isalpha():
            if unicodedata.name(char, "").startswith(("LATIN", "FULLWIDTH LATIN", "MATHEMATICAL", "MODIFIER")):
                latin += 1
            else:
                other += 1
    if other > latin:
        return False
    words = normalised.split()
    if sum(word in _ANY_FOREIGN for word in words) < 2:
        return True
    english = sum(word in _ENGLISH for word in words)
    foreign = max(sum(word in language for word in words) for language in _FOREIGN)
    return not (foreign >= 2 and foreign >= 2 * english + 1 and foreign >= 0.25 * len(words))
