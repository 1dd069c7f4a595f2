"""Words that people hide behind stars, digits and spaces, for `spelling`.

A list of spellings to recognise, not a list of offences: a word here has no weight of its own, only the model gives
one. Where a pattern fits several words the first one listed wins, so the commonest come first.
"""

_HIDDEN = """
fuck shit bitch cunt ass fucking fucker fucked fucks motherfucker motherfucking bullshit shitty shithead
asshole arsehole bitches bitching bastard bastards dick dickhead dickheads cock cocksucker pussy prick pricks
twat wanker wankers wank tosser bollocks bugger piss pissed crap damn goddamn hell slut sluts whore whores
slag skank hoe tits boobs penis vagina anal anus cum porn sex sexy rape raped rapist nude naked horny idiot
idiots idiotic moron morons moronic imbecile stupid dumb dumbass dumbasses jackass loser losers scum scumbag
clown liar retard retarded retards spastic spaz cretin cripple cripples psycho lunatic maggot vermin parasite
parasites nigger niggers nigga niggas negro faggot faggots fag fags dyke dykes tranny trannies queer homo paki
pakis chink chinks gook gooks spic spics wetback kike kikes raghead ragheads towelhead wop coon coons gypsy
gypsies pikey kill killed killing murder die dead death shoot stab strangle bomb burn hate hurt beat punch
muslim muslims islam jew jews jewish christian christians black blacks white whites asian asians mexican
mexicans immigrant immigrants foreigner foreigners refugee refugees gay gays lesbian lesbians trans
transgender disabled woman women girl girls men indian indians african africans arab arabs people
"""

_GLUE = """
you your off up the this that it are is all me my a an i to and in of so go get he she they we
"""

HIDDEN_WORDS: tuple[str, ...] = tuple(_HIDDEN.split())
"""What a star, a digit or a blank may stand in; commonest first."""

GLUE_WORDS: tuple[str, ...] = tuple(_GLUE.split())
"""Short words that may stand beside a hidden one when letters are spelt in one run ("f u c k y o u")."""
