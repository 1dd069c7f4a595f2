"""Patterns of how people talk on the telephone: repairs, apologies, thanks, greetings, third parties. Data: see `pattern_table.py`."""

TALK_PATTERNS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "repair.say_again",
        "again more repeat",
        r"(?:say|repeat|tell me) (?:that|it) (?:\w+ ){0,3}?(?:again|once more"
        r"|one more time)|say again$"
        r"|say that (?:number |bit |name )?again|(?:could|can|would|will) you (?:please )?repeat (?:that|it|the (?:last|first"
        r"|number|end|name|digits?|code|question)|what|yourself)",
        r"email|writing|dare|scream|can say|if you|want to say|say it again slower|like i|as i|(?:line|call|say it once more and)",
        "",
    ),
    (
        "repair.cannot_hear",
        "hear hearing",
        r"(?:i|we)(?:'m| am)? (?:really |still |just )?(?:can't|cannot|couldn't|can hardly|can barely"
        r"|could hardly|could barely|hardly|didn't|did not|not) (?:quite |really |even )?hear(?:ing)? (?:you|ye|a word|a thing|what you)",
        r"from you|back from|how i can|(?:so|and) (?:ring|call|phone)",
        "",
    ),
    (
        "repair.did_not_catch",
        "catch",
        r"(?:didn't|did not|couldn't) (?:quite |really )?catch (?:that|what|the|your|any|a word|which)",
        r"catch the (?:bus|train|ball|flight|flu|cold|post)|spelled",
        "",
    ),
    ("repair.did_not_get", "get", r"(?:didn't|did not) (?:quite |really )(?:\w+ )?get that", "", ""),
    (
        "repair.breaking_up",
        "breaking cutting cut dropping faint muffled crackly quiet",
        r"you(?:'re| are|'ve| have| were) (?:\w+ ){0,3}?(?:breaking up"
        r"|cutting out|cutting in and out|dropping out|gone (?:\w+ ){0,2}(?:faint|crackly|muffled|quiet))|you cut out",
        r"(?:call|ring|phone) me|battery",
        "",
    ),
    (
        "repair.bad_line",
        "line line's signal's",
        r"(?:it's|this is|we've got|what) a (?:really |very )?(?:bad|terrible|poor"
        r"|awful|shocking|dreadful) line"
        r"|(?:the|this|your) line(?:'s| is) (?:\w+ )?(?:bad|poor|terrible|crackly|breaking up|awful)"
        r"|my signal's (?:\w+ )?(?:bad|poor|terrible|rubbish)",
        r"(?:may|might|when|if) (?:\w+ )*(?:transfer|go dead|drop)|(?:call|ring|phone) me|line of|at home|because",
        "",
    ),
    (
        "repair.speak_up",
        "speak louder",
        r"(?:you'll have to|could you|can you|would you|please) speak (?:up|louder|a (?:little|bit) louder)"
        r"|^speak up(?: \w+)?|a (?:little|bit) louder please",
        r"up for \w+(?:self|sel|sen|selves)",
        "",
    ),
    ("repair.lost_you", "lost", r"i(?:'ve)? lost you (?:there|for a (?:second|moment|bit)|again|completely)", "", ""),
    (
        "repair.missed_that",
        "missed",
        r"(?:i|we) missed (?:that|what you (?:said|were saying)|the (?:last|first"
        r"|end) (?:\w+ )?(?:bit|part|word|of that))",
        "",
        "",
    ),
    ("repair.what_was_that", "what", r"^(?:sorry |hang on |hello )*what (?:was that|did you (?:just )?say)(?: again| sorry)?$", "", ""),
    (
        "repair.pardon",
        "pardon eh come say",
        r"^(?:i'm |oh )?(?:pardon|beg pardon|eh|come again|say what|say again)$",
        "",
        r"NUMBER|\b(?:it's|it is|that's|the)\b",
    ),
    (
        "repair.sorry_number",
        "sorry what which",
        r"^(?:i'm )?(?:sorry|what|sorry what|what sorry|which)$",
        "",
        r"^(?!(?:you've|did|do|does|is|was|are|would|could|can|shall|have|what|which|how|when)\b).*NUMBER(?: \w+){0,4}? NUMBER",
    ),
    (
        "apology.apologise",
        "apologise apologize",
        r"(?:i|we) (?:do |really |sincerely |can only |must |want to "
        r"|would like to |really do )*apologi[sz]e",
        r"why should|if i apologi|when i apologi",
        "",
    ),
    ("apology.apologies", "apologies", r"(?:my|our) (?:\w+ )?apologies|^(?:oh )?apologies for", r"accept my apologies not|not accept", ""),
    (
        "apology.so_sorry",
        "sorry",
        r"(?:i'm|i am|we're|we are) (?:so|very|really|truly|ever so|terribly|awfully|awful|deeply"
        r"|genuinely|so very) sorry"
        r"(?! (?:what|who|which|could|can|did|i didn't|i can't|i couldn't|say|but|not)\b)",
        r"i'm so sorry for (?:myself|him|her|them)|not (?:\w+ )?sorry",
        "",
    ),
    (
        "apology.sorry_that",
        "sorry",
        r"(?:i'm|i am|we're|we are) sorry (?:that |about |for (?:the|your|that|any|all|my|how"
        r"|keeping|shouting|swearing|going)"
        r"|you(?:'ve| had| were| have)|to hear|to have|it(?:'s|| has) (?:taken|come|been)|we |i (?:shouted|snapped|swore"
        r"|shouldn't|put|missed|lost|was|called))",
        r"not sorry|hear you|if i'm sorry",
        "",
    ),
    (
        "apology.sorry_about",
        "sorry",
        r"^(?:oh |so |no |ah |yes |yeah |really |very )*sorry (?:about (?:that|the|your|all)"
        r"|for (?:the|your|that|any|my|shouting|swearing)"
        r"|to hear|to have|to keep)",
        r"feel sorry|felt sorry|they (?:had|have|did)",
        "",
    ),
    (
        "apology.my_fault",
        "my our",
        r"(?:that was|that's|it's|it was|this is|this was) (?:entirely |all |completely )?(?:my"
        r"|our) (?:own )?(?:mistake|fault|error|bad|slip)"
        r"|^(?:oops |whoops |oh )?my (?:bad|mistake)",
        r"not|\w+n't|if|when|now it's|our fault|is it|never|nothing|so it's|everyone|own fault",
        "",
    ),
    (
        "apology.should_not_have",
        "shouldn't",
        r"i shouldn't (?:have |of |'ve )?(?:shouted|sworn|snapped|raised|called you"
        r"|lost|spoken|taken it out|be shouting|swear|shout)",
        "",
        "",
    ),
    ("apology.owe_you", "apology", r"(?:i|we) owe you an apology|accept (?:my|our) apology|my apology to you", r"do i owe", ""),
    (
        "acceptance.okay_thank_you",
        "thank thanks cheers ta",
        r"^(?:(?:oh|ah|okay|ok|right|lovely|great|perfect|brilliant|yes|yeah|all|alright|grand|wonderful|good|well|fine|that's"
        r"|thank|you)\s)+"
        r"(?:\w+ ){0,3}?(?:thank you|thanks|cheers|ta)(?: (?:so|very|ever|much|a lot|dear|love|sir|miss|madam|mate|pal|then|bye"
        r"|now|for (?:that|your help|explaining(?: it)?|letting me know)))*$",
        r"no thank|thanks for nothing|but|wait",
        "",
    ),
    (
        "acceptance.that_works",
        "works suits that'll that'd be",
        r"(?:that|it|\w+day) (?:works|suits) (?:for )?(?:me|us|fine)|that'll do(?: me| nicely| us)|that works$"
        r"|that(?:'d| would) be (?:great|lovely|fine|wonderful|perfect|brilliant)|that suits (?:me|us)",
        r"\w+n't|if|unless|whatever",
        "",
    ),
    (
        "acceptance.kind_of_you",
        "kind good helpful fair reasonable generous decent patient",
        r"that's (?:very|really|so|most|ever so) (?:kind|good|helpful|fair|reasonable|generous|decent) of you"
        r"|you've been (?:so|very|most|ever so|really|more than) (?:\w+ )?(?:helpful|kind|patient)",
        r"not|\w+n't|but",
        "",
    ),
    (
        "acceptance.fair_enough",
        "fair live mind",
        r"^(?:okay |ok |oh |right |well |yeah |all right "
        r"|alright )*fair enough(?! \w+ me)|i can live with that|weight off my mind"
        r"|mind at rest",
        r"but|would put",
        "",
    ),
    (
        "greeting.hello_it_is",
        "hello hi hiya morning afternoon evening",
        r"^(?:oh |yes |yeah |ah )*(?:hello|hi|hiya|good (?:morning|afternoon|evening))(?: there| again| to you)?"
        r"(?: (?:is that|is this|this is|it's|you're|you are|how can|how may|how are|i'm|i am|my name|am i|can i|welcome"
        r"|thank you for calling|thanks for calling))",
        r"are you (?:there|still)|you're there|can you hear|hear me|anyone|anybody",
        "",
    ),
    (
        "greeting.hello_alone",
        "hello hi hiya morning afternoon evening",
        r"^(?:oh |yes )*(?:hi|hiya|hello there|good (?:morning|evening))$",
        "",
        "",
    ),
    (
        "greeting.calling_line",
        "calling through speaking",
        r"^(?:\w+ ){0,2}(?:thank you"
        r"|thanks) for calling (?:\w+ ){0,4}(?:my name|this is|you're|how"
        r"|speaking)|^(?:hello |good \w+ )?you're (?:through to"
        r"|speaking (?:to|with))",
        "",
        "",
    ),
    (
        "goodbye.bye",
        "bye goodbye cheerio",
        r"(?:bye|goodbye|cheerio)(?: (?:now|then|for now|bye|dear|love|mate|pal|sir|madam"
        r"|and thank you.*))*$|bye (?:bye|now|then|for now)",
        r"(?:say|said|saying|kiss|wave|waved|my) (?:\w+ )?(?:bye|goodbye)|by the bye|that's goodbye|put (?:the"
        r"|you) (?:\w+ )?(?:phone|down)|him gone|her gone",
        "",
    ),
    (
        "goodbye.have_a_good_day",
        "day afternoon evening weekend night",
        r"(?:have|enjoy) (?:a|the rest of your) (?:\w+ )?(?:day|evening|weekend|night|afternoon)$|^(?:okay |right "
        r"|thank you )*good ?night$",
        "",
        "",
    ),
    (
        "third_party_joins.pass_you",
        "pass hand put passing handing putting bringing wants",
        r"(?:i'll|let me|i'm|can i|i'm just) (?:just )?(?:pass|hand|put|passing|handing"
        r"|putting)(?: the phone)? (?:you )?(?:over |on |across )?to (?:my|his|her|our) (?:wife|husband|mum|dad|mother|father"
        r"|son|daughter|partner|carer|sister|brother|missus|friend|colleague|supervisor)"
        r"|i'm (?:bringing|putting) my \w+ on|(?:wife|husband|mum|dad|son|daughter|partner) wants a word",
        "",
        "",
    ),
    (
        "third_party_joins.here_is",
        "speaker joined line phone here here's come",
        r"you(?:'re| are) on (?:the )?speaker|(?:has|have|'s)(?: just| now)? (?:joined|come on|come onto) (?:us|the (?:line"
        r"|call))|just joined us|on the line with us|took the phone off"
        r"|here's my (?:wife|husband|mum|dad|son|daughter|partner|carer)",
        r"why|is that|off speaker|my hands|and (?:gone|walked)",
        "",
    ),
    (
        "third_party_leaves.gone",
        "just only me us",
        r"(?:it's|so it's|it is) (?:just|only) (?:(?:me|us)(?: now| here| again)+|(?:me and you"
        r"|you and me)(?: now| here| again)*)$|just (?:me and you|you and me"
        r"|us two)$|took you off speaker",
        r"live|in the house|at home",
        "",
    ),
    (
        "third_party_leaves.off_the_call",
        "off left line call hung gone",
        r"(?:has|'s|have|he's|she's) (?:just )?(?:dropped off|rung off|left the call|left us|dropped out of the call"
        r"|come off the line|hung up)(?: so| and| now|$)|off the line(?: now)?$",
        r"engine|\w+n't|why|on me|you",
        "",
    ),
)
