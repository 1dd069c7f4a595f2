"""Patterns of a conflict: dismissals, refusals, doubts, warnings, promises, what inflames. Data: see `pattern_table.py`."""

_I_WILL = r"(?:i|we)(?:'ll| will| shall|'m going to|'re going to| am going to| are going to|'m gonna|'re gonna)"
_CLOSE = r"(?:end|ending|terminate|terminating|close|closing|disconnect|disconnecting|hang up|hanging up|drop|dropping|cut)"

CONFLICT_PATTERNS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "dismissal.could_not_care",
        "care give couldn't",
        r"(?:^|\b(?:i|we|and|but|just|honestly|frankly|really|well) )(?:couldn't care less|(?:don't|couldn't|could not) give (?:a"
        r"|two) (?:monkey|monkey's|monkeys|toss|damn|hoot|hoots|fig|rat's|stuff))(?! (?:which|about (?:the )?colou?r))",
        "",
        "",
    ),
    (
        "dismissal.do_not_care",
        "care",
        r"i don't care (?:what|about) (?:the|your|you|any)(?: \w+)? ?(?:screen|computer"
        r"|system|policy|policies|terms|rules|script|excuses|say|says|think|thinks|want"
        r"|problems)?"
        r"|^(?:well |and )?i don't care$",
        r"which|colour|how you|i don't care (?:what|about) the (?:colour|day|time|price|cost|points)",
        "",
    ),
    (
        "dismissal.save_it",
        "save spare",
        r"save (?:your breath|your sorry|your apologies|me the|the (?:lecture|speech"
        r"|excuses))|(?:oh|just|you can) save it"
        r"|spare me(?: the| your)?",
        r"save me the|save it (?:to|as|for|on)",
        "",
    ),
    ("dismissal.blah", "blah yada boo", r"blah|yada|boo hoo", "", ""),
    (
        "dismissal.not_my_problem",
        "problem concern",
        r"(?:not|isn't) (?:really )?(?:my|our) (?:problem|concern)(?: is it"
        r"| mate| pal| love| sir| madam)?$|that's (?:your|a you) problem",
        "",
        "",
    ),
    ("dismissal.who_cares", "cares what care", r"^(?:and |well |oh )?(?:who cares|so what|what do i care)$", "", ""),
    (
        "dismissal.whatever",
        "whatever",
        r"^(?:yeah |right |fine |oh |okay |ok )*whatever(?: mate| pal| you say| you reckon)+$"
        r"|(?:yeah|right|fine) whatever$|whatever you say (?:love|mate|madam|sir|pal)",
        "",
        "",
    ),
    ("dismissal.do_not_want_to_hear", "hear", r"(?:i )?don't want to hear (?:it|another|any more|your|about (?:it|your|the))", "", ""),
    ("dismissal.not_interested", "interested", r"not interested in (?:your|what you|what your|the slightest)", "", ""),
    ("dismissal.heard_it_all", "heard", r"heard it all before(?! the)|^(?:i've )?heard enough$", "", ""),
    (
        "dismissal.get_lost",
        "jog lost hand river laugh that",
        r"jog on(?! \w+days)|(?:just |oh )get lost|talk to the hand|cry me a river|don't make me laugh|don't give me that",
        r"don't want to get lost",
        "",
    ),
    (
        "refusal.cannot_do",
        "can't cannot not unable won't aren't",
        r"(?:i|we)(?:'m| am|'re| are)? (?:just |really |simply "
        r"|still )?(?:can't|cannot|not able to|unable to"
        r"|aren't able to|won't be able to|not allowed to|not permitted to) (?:just |really )?(?:waive|refund|offer|transfer"
        r"|discuss|release|approve|reverse|extend|override"
        r"|bend|lift|make an exception|do (?:that|it|any of that)|give (?:you|out)|pass you|put you through|take (?:it|that"
        r"|the \w+) off|remove|change|accept|unlock|backdate)",
        r"can't do (?:it|that) (?:until|yet)|until you|unless i've|(?:i|we) can't (?:give|offer|do|promise) (?:\w+ ){1,4}but"
        r"|(?:give|do) you a",
        "",
    ),
    (
        "refusal.cannot_be",
        "can't cannot",
        r"(?:can't|cannot) be (?:done|refunded|reversed|waived|removed|changed|extended"
        r"|credited|moved|supplied|cancelled"
        r"|transferred|paid|altered|stopped|exchanged|returned|released|taken (?:off|down))",
        "",
        "",
    ),
    (
        "refusal.nothing_i_can_do",
        "nothing",
        r"nothing (?:more |else |further )?(?:i|we) can do(?! for you today)",
        r"is there|sure there's|checked|if there's",
        "",
    ),
    (
        "refusal.no_way",
        "tied question possible way rules",
        r"my hands are tied|out of the question|(?:isn't|is not|won't be"
        r"|not) possible (?:to|on|for|i'm afraid|with)|(?:isn't"
        r"|won't be) possible$"
        r"|there's no way (?:of|for (?:me|us))|against the rules",
        r"if|whether",
        "",
    ),
    (
        "integrity_challenge.liar",
        "lying lied lie liar liars fibbing",
        r"you(?:'re| are| people are| lot are| were) (?:all |just |still )?(?:lying|fibbing|liars|a liar)|you(?:'ve)? lied"
        r"|^liars?"
        r"|that's (?:a|another|just a) (?:\w+ )?lie",
        r"\b(?:calling|call|called) me|if i said|not saying",
        "",
    ),
    (
        "integrity_challenge.making_it_up",
        "making made",
        r"you(?:'re| are|'ve) (?:just )?(?:making|made) (?:this|that|it"
        r"|things) up|you just made that up",
        "",
        "",
    ),
    (
        "integrity_challenge.not_what_you_said",
        "what",
        r"(?:not|isn't|wasn't) (?:quite )?what (?:you|she|he|they|i was"
        r"|your \w+) (?:said|told|promised|were told|wrote)"
        r"|the opposite of what (?:you|your)",
        r"^no it's not what i",
        "",
    ),
    (
        "integrity_challenge.promised",
        "promised sworn swore word",
        r"you (?:lot |people |all )?promised (?:me|us|a|it|that)|swore blind|(?:gave|given) me your word|promised me (?!she|he)",
        r"thank|as you promised|just like|like you promised",
        "",
    ),
    (
        "integrity_challenge.believe_that",
        "believe swallow",
        r"(?:do you )?expect me to (?:believe|swallow)|am i supposed to (?:believe|swallow)"
        r"|i don't believe (?:you|a word (?:you|that comes))",
        "",
        "",
    ),
    (
        "integrity_challenge.story_changes",
        "story story's tune which quote",
        r"(?:changing|change|changed|changes) your (?:story|tune)|your story(?:'s| has|) (?:changed|changes|keeps)"
        r"|so which is it|you said and i quote",
        "",
        "",
    ),
    (
        "warning.if_then",
        "if unless minute otherwise time",
        r"(?:if|unless|otherwise|the minute|the next time) (?:\w+ "
        rf"|\w+'\w+ ){{0,14}}?(?:i|we|i'll|we'll|i'm|i'd|you'll) (?:\w+ "
        rf"|\w+'\w+ ){{0,6}}?{_CLOSE} (?:the|this|our|that|on you"
        r"|the line)?",
        r"battery|signal|ring (?:me|us|you|back)|phone you|account|reset|transfer|complaint|cut off (?:i'll|we'll|ring)"
        r"|the case|policy|ticket|claim",
        "",
    ),
    (
        "warning.or",
        "or",
        r"(?:stop|language|keep it|civil|voice|respectful)(?:.*) or (?:i|i'll|i'm|i will|we'll"
        rf"|this) (?:\w+ |\w+'\w+ ){{0,6}}?{_CLOSE}",
        "",
        "",
    ),
    (
        "warning.one_more",
        "one another any final last",
        r"(?:one more|another|any more|any further) (?:\w+ "
        rf"|\w+'\w+ ){{0,7}}?(?:{_CLOSE} (?:the|this|you|on you)"
        r"|call'?s? (?:is )?(?:over|done|finished|ends)|finishes here|hang up)",
        r"minutes?|pounds",
        "",
    ),
    (
        "promise.back_to_you",
        "back",
        rf"{_I_WILL} (?:\w+ ){{0,5}}?(?:get|come|ring|call|phone|write|be) back to you"
        rf"|{_I_WILL} (?:\w+ ){{0,3}}?(?:ring|call|phone) you back",
        r"in a (?:second|moment|sec)|right back|\w+n't",
        "",
    ),
    (
        "promise.ring_you",
        "ring call phone email write text post send",
        rf"{_I_WILL} (?:personally |definitely |then |also )?(?:ring|call|phone|email|write to|text|post|send)(?: \w+"
        rf"| \w+'\w+){{1,14}}? (?:today|tonight|tomorrow|this (?:week|morning|afternoon|evening)|\w+day|before|by|within"
        r"|next week|in the (?:morning|post))",
        r"\w+n't|if you|not",
        "",
    ),
    ("promise.be_with_you", "with", r"(?:will|\w+'ll|going to|gonna) be with you(?! in a (?:second|moment|sec|minute)| shortly)", "", ""),
    (
        "promise.by_when",
        "by before within inside",
        rf"(?:{_I_WILL}|you'll|you will|he'll|she'll|they'll|it'll) (?:have|get"
        r"|receive|hear|let you know|refund|make sure|email|put)(?: \w+"
        rf"| \w+'\w+){{0,12}}? (?:by (?:\w+day|tomorrow|tonight|the end|the \w+th"
        r"|close|noon|next)|before (?:noon|lunch|\w+day|the end|close)|within"
        r"|inside)",
        r"\w+n't|if|not|should|need",
        "",
    ),
    ("promise.word", "word promise count", r"you(?:'ve got|'ve| have) my (?:word|promise)|you can count on me", "", ""),
    (
        "inflaming.calm_down",
        "calm relax",
        r"calm (?:yourself )?down|you need to (?:calm|relax)",
        r"i (?:told|need to calm)|(?:can|should) calm down|calmed|when things|me calm|calm down (?:period|at)",
        "",
    ),
    (
        "inflaming.told_you",
        "told said explained saying already",
        r"(?:as|like) i(?:'ve| have)? (?:just |already |keep )?(?:already )?(?:explained|told you|said (?:before|already)"
        r"|saying)|i've (?:already )?(?:told you|explained (?:this|that|it))"
        r"|i(?:'ve)? already (?:told|answered|explained)",
        r"sorry|thank|happy to|to (?:your|my)|badly|asked me",
        "",
    ),
    (
        "inflaming.not_listening",
        "listening listened",
        r"you(?:'re| are)(?:n't| not) listening|if you(?:'d| had)? (?:just "
        r"|actually )?listened",
        "",
        "",
    ),
    (
        "inflaming.policy",
        "policy",
        r"(?:that's|it's|that is|it is) (?:just |our |the |company )*policy(?: sir| madam| i'm afraid)?$",
        "",
        "",
    ),
    (
        "inflaming.no_need",
        "need being overreacting",
        r"there's no need to (?:be |get |shout|raise|take)"
        r"|you're (?:being (?:ridiculous|difficult|aggressive|unreasonable"
        r"|dramatic|rude|hysterical)|overreacting)",
        r"get (?:up|a|the|one|another|dressed)|be (?:there|in|at home|present"
        r"|sorry|embarrassed)",
        "",
    ),
)
