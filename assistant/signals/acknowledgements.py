"""What the words of an overlap are: an acknowledgement, a bid for the floor, or something else. Pure; a table and one pass.

In: the final words of one stretch of speech. Out: a `Wording`. The acknowledgements are the English backchannels and assessments of
Jefferson (1984), Clark and Krych (2004) and the Switchboard tags `b`, `bk`, `ba` (Jurafsky, Shriberg and Biasca 1997), in the spellings
that recognisers write. A bid is what a speaker says to stop another: it is never an acknowledgement, however short.
"""

import re
from typing import Final, Literal

Wording = Literal["acknowledgement", "bid", "demand", "other", "none"]
"""`bid`: contradicts ("no"). `demand`: asks for the floor itself ("wait", "excuse me"). `none`: fillers alone, or no words."""

ACKNOWLEDGEMENTS: Final = """
mm; mmm; mhm; mmhm; hm; hmm; mm hm; mm hmm; m hm; uh huh; uhhuh; uh hum; um hum; um hm; huh; ah; aha; ah ha; oh; ooh; wow
yeah; yea; ya; yah; yep; yup; yes; yes please; yeah please; yes sir; yes ma'am; yes i do; yes it is; yes that is; aye
okay; ok; o k; kay; okey; okey dokey; alright; all right; right; sure; of course; certainly; absolutely; definitely; exactly; precisely
indeed; totally; correct; that's correct; that's right; that is right; that is correct; that's it; that's true; true; very true
i see; i understand; understood; i know; i hear you; i got it; i got you; i've got it; got it; got you; gotcha; makes sense
that makes sense; fair enough; good; very good; great; fine; that's fine; that's okay; that's good; that's great; cool; perfect; lovely
excellent; wonderful; nice; brilliant; super; sounds good; sounds great; no problem; no worries; not a problem; never mind; no way
oh no; oh dear; oh my; oh my god; my goodness; goodness; really; is that right; is it; does it; did you; thanks; thank you
thank you so much; thank you very much; thanks a lot; cheers; you're welcome; bless you; i'm sorry to hear that; sorry to hear that
i agree; agreed; for sure; you bet; will do; go on; go ahead; please do; please; carry on; continue; whatever; fantastic; awesome; amazing
"""

BIDS: Final = "no; nope; nah; not; but; don't; do not; that's not; that is not; that's wrong; you're wrong; i didn't; i don't; i never"

DEMANDS: Final = """
wait; stop; listen; look; hang on; hold on; hey; excuse me; pardon me; let me; would you let me; can i; could i; may i; if i could
if i may; i want to; i was; i am talking; i'm talking; i'm speaking; i am speaking; you listen; you are not listening
you're not listening; one second; one moment; just a second; just a moment; just a minute; shut up; be quiet; quiet; enough; actually
"""

FILLERS: Final = "um; uh; er; erm; uhm; well; so; and; like; you know; i mean; then; now; just; sir; ma'am; madam; a; the"


def _phrases(table: str) -> frozenset[tuple[str, ...]]:
    return frozenset(tuple(phrase.split()) for line in table.strip().splitlines() for phrase in line.split("; ") if phrase)


_TABLES: Final[tuple[tuple[Wording, frozenset[tuple[str, ...]]], ...]] = (
    ("acknowledgement", _phrases(ACKNOWLEDGEMENTS)),
    ("demand", _phrases(DEMANDS)),
    ("bid", _phrases(BIDS)),
    ("none", _phrases(FILLERS)),
)
_LONGEST: Final = max(len(phrase) for _, phrases in _TABLES for phrase in phrases)


def tokens(text: str) -> list[str]:
    """The words of `text` in lower case, apostrophes kept; a hyphen parts words ("mm-hm"), marks like `<unk>` go."""
    return re.findall(r"[a-z0-9]+(?:'[a-z]+)*", re.sub(r"<[^>]*>|\[[^\]]*\]", " ", text.lower().replace("\u2019", "'")))


def wording(text: str) -> Wording:
    """What the words of an overlap are. The longest phrase wins, so "no problem" acknowledges and "no" bids.

    A bid or demand counts where it opens the speech, after acknowledgements and fillers ("okay but wait"); words of any other kind
    make the whole something else.
    """
    words = tokens(text)
    acknowledged = False
    at = 0
    while at < len(words):
        kind, length = _longest(words, at)
        if kind in ("bid", "demand", "other"):
            return kind
        acknowledged = acknowledged or kind == "acknowledgement"
        at += length
    return "acknowledgement" if acknowledged else "none"


def _longest(words: list[str], at: int) -> tuple[Wording, int]:
    for length in range(min(_LONGEST, len(words) - at), 0, -1):
        phrase = tuple(words[at : at + length])
        for kind, phrases in _TABLES:
            if phrase in phrases:
                return kind, length
    return "other", 1
