"""The patterns and vetoes of the cues, as data. Each row is explained by its name; `patterns.py` says how they are read.

A pattern: name (`cue.what`), the words of which one must be said, what is said, what must not be said, what must have been said
before. All are matched between word ends, on normalised words.
"""

from assistant.signals.cues.conflict_table import CONFLICT_PATTERNS
from assistant.signals.cues.demand_table import DEMAND_PATTERNS
from assistant.signals.cues.talk_table import TALK_PATTERNS

NUMBERS = (
    r"(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen"
    r"|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|double|first|second|third|fourth|fifth|sixth"
    r"|seventh|eighth|ninth|tenth|eleventh|twelfth|\w+teenth|twentieth|thirtieth|\d+)"
)
"""Words of a number, for `NUMBER` in a row."""

DISTRESS_PATTERNS: tuple[tuple[str, str, str, str, str], ...] = (
    # lean to recall: what they find too often costs a card, what they miss may cost a life
    (
        "self_harm.kill_myself",
        "myself life suicide suicidal",
        r"(?:kill|killing|hang|hanging|hurt|hurting|harm|harming|drown|shoot|starve|cutting|burning|cut) myself|(?:end|ending"
        r"|take|taking) (?:my|my own) (?:own )?life|suicidal|(?:commit|committing|considering|thinking of|thinking about) suicide",
        r"killing myself (?:laughing|with)|cut myself (?:off|shaving|on|some|a)|(?:nearly|almost) (?:killed|hurt|cut)"
        r"|hurt myself (?:on|at|when|lifting)|kill myself laughing|burning myself out|years (?:ago|back)|suicide (?:prevention"
        r"|hotline|squad|leaflet|in the first)|not suicidal|ha|gets me suicidal|shoot myself if|(?:friend|brother|cousin"
        r"|uncle) to suicide|being suicidal|(?:interest's|grammar that's|software makes|in level|on the form)|in nineteen",
        "",
    ),
    (
        "self_harm.want_to_die",
        "die dead alive living live here wake all exist off",
        r"(?:i )?(?:want|wanted|wanna|ready|rather|just want) (?:to )?(?:die|be dead)|better off (?:dead|without me)"
        r"|don't (?:want|wanna) to (?:be alive|be here any ?more|live any ?more)|don't (?:want to|wanna) (?:be alive"
        r"|be here any ?more|live|wake up)|not wanting to be alive"
        r"|no (?:point|reason) (?:in )?(?:me )?(?:living|being here|going on living|being alive)|strength to be alive|(?:end"
        r"|finish) it all|not wake up|i'd rather (?:be dead|not exist)|without me alive",
        r"live (?:in|with|near|there|at|on)|dying to|wait|on hold|rather (?:die|be dead) than|so sad i|wanted to die"
        r"|like i want|(?:she|he) not",
        "",
    ),
    (
        "self_harm.means",
        "tablets pills roof bridge notes paracetamol",
        r"(?:i've (?:got|taken|took|bought|saved)|i took|i swallowed|i'm on|i'm stood on|i'm standing on|i've written"
        r"|till) (?:\w+ |\w+'\w+ ){0,5}?(?:tablets lined up|pills lined up|tablets out|pills out|all my (?:tablets|pills)"
        r"|the roof of|the bridge$|the notes for|load of paracetamol|pills work|sleeping pills like)",
        r"prescription|for the week|for (?:her|him|mum|dad)",
        "",
    ),
    (
        "medical.breathing",
        "breathe breathing breath choking",
        r"(?:can't|cannot|can hardly|could hardly|struggling to|not|isn't|stopped|trouble|hard to) (?:\w+ )?breath(?:e|ing)"
        r"|can't get (?:a|his|her|my) breath|(?:is|he's|she's|baby's|customer) choking",
        r"breathe (?:easy|easily|a word)|laughing|laughed|breathing down|breathing (?:space|any)|choking (?:on|every|me)|nose|dog's"
        r"|crush|when (?:he|she|i) was",
        "",
    ),
    (
        "medical.collapsed",
        "collapsed unconscious wake waking having seizure pulse stroke ambulance paramedic passed",
        r"(?:he|she|wife|husband|mum|dad|worker|he's|she's|wife's|husband's|mum's|dad's|man's|just|and)(?: has| have| just"
        r"|'s just)? collapsed|unconscious"
        r"|(?:won't|can't|not|isn't|doesn't) (?:wake|waking) (?:up|him|her)|having (?:a|an) (?:stroke|seizure|fit|heart attack"
        r"|asthma attack)|had a (?:seizure|stroke) (?:just|and)|no pulse|(?:need|want|get me|send|call|get) (?:me )?(?:an"
        r"|a) (?:ambulance|paramedic)|(?:wife's|he's|she's|husband's|mum's|dad's) passed out",
        r"(?:years|months|weeks) ago|last (?:year|month|week|night)|in (?:nineteen|two thousand|march|april)|had to call"
        r"|called an|my (?:laptop|computer|phone)|the (?:shed|wall|tent|fence)|should i|used to|who|i sleep|(?:you|i) won't wake"
        r"|not wake up|till|pulse (?:that|on)|unconscious of|ferry|toy",
        "",
    ),
    (
        "medical.bleeding",
        "bleeding blood chest blue floppy grey pain pains",
        r"(?:he's|she's|it's|i'm|and|pouring) (?:bleeding|coughing up blood|throwing up blood|blood)|blood (?:everywhere"
        r"|coming out)|pains? (?:in|all down) (?:my|his|her) (?:chest|jaw|arm)|crushing pain|(?:gone|turned|now he's|now she's"
        r"|going) (?:blue|floppy|grey and)|my chest is",
        r"years ago|last|bleeding (?:radiators?|the)|blood test|gums|blue (?:light|one|badge|with)|bleeding money|me dry|a bit from",
        "",
    ),
    (
        "danger.gas_fire",
        "gas fire smoke flames sparking monoxide burning live",
        r"(?:smell|smells|smelling|smell of) (?:of )?(?:gas|burning|smoke)|gas leak|gas hissing|(?:is|are|'s|car's|roof's"
        r"|trailer's|house is|kitchen's|it's) on fire|(?:there's|there is|we've) (?:a )?(?:fire|smoke|flames|live wire)"
        r"|(?:has|have|just|'s|'ve) caught fire|flames coming|white smoke",
        r"(?:smelt|last (?:year|week|month)|years ago|used to|in two thousand|fire (?:sale|place|door|drill|alarm|guard|engine)"
        r"|should have|toast|no smell|if (?:i|you|there)|log|wood|pellet|gas fire|smoke alarm|was on fire|candle|last summer"
        r"|there was a gas leak|for a second|on the news|films?|film's|game|bug|(?<!at )once|in the box|can't smell|steam|barbecue"
        r"|fire station|what happens|all safe|usual)",
        "",
    ),
    (
        "danger.attacker",
        "knife gun hammer machete axe blade house flat garden door hitting beating strangling kill hurt"
        " shoot stab followed kicking let locked",
        r"(?:with|got|he's|has|pulled) a (?:big )?(?:knife|gun|machete|axe|blade)"
        r"|a (?:man|guy|bloke) (?:\w+ ){0,5}?with a (?:knife|gun|hammer|machete|axe)"
        r"|(?:somebody's|someone's|somebody is|someone is) (?:\w+ )?(?:in"
        r"|breaking into|trying to get into) (?:the|my|our) (?:house|flat|garden)"
        r"|(?:he's|she's|they're|is) (?:hitting|beating|strangling) (?:me|my)|(?:he'll|going to|gonna|says he'll) (?:kill|hurt"
        r"|shoot|stab) (?:me|us|him|her|them)|i'm being followed|kicking it in|breaking the door|locked me in"
        r"|won't let me (?:out|leave|go)",
        r"kill me when|(?:wife|husband|mum|boss|dad) (?:is going to|will|'ll|is gonna) kill me|my (?:wife|husband|mum|dad"
        r"|boss)(?:'s| is|'ll)? (?:going to |gonna |will )?kill|glue gun|nail gun|heat gun|set of|bread|palette|craft"
        r"|my (?:contract|phone|bank)|ha|i'll|i will|i've got a|i'm coming|your (?:doorstep|door|house)|bill",
        "",
    ),
)

PATTERN_TABLE = (*TALK_PATTERNS, *CONFLICT_PATTERNS, *DEMAND_PATTERNS, *DISTRESS_PATTERNS)

VetoRow = tuple[str, str, str, str, float]
VETO_TABLE: tuple[VetoRow, ...] = (
    # name, cues, on, said, scores below this do not stand
    (
        "no_rush",
        "request_rush",
        "rush hurry urgent",
        r"(?:there's |there is )?no (?:great |real |particular )?(?:rush|hurry)"
        r"|not (?:in (?:a|any) (?:hurry|rush)|urgent)|isn't urgent",
        1.01,
    ),
    (
        "killing_me",
        "self_harm danger",
        "killing",
        r"(?:wait|waiting|music|queue|heat|back|feet|knees?|knee's|shoes|hold"
        r"|suspense|hip|head) (?:\w+ )?(?:is |are |'s )?killing me|killing me$",
        0.9,
    ),
    (
        "dying_to",
        "self_harm medical",
        "dying death",
        r"dying (?:to|for) (?:a|know|see|hear|some)|(?:bored|worried|scared"
        r"|tickled|sick) to death|dying of (?:boredom|curiosity)",
        0.9,
    ),
    (
        "sorry_said_of_oneself",
        "apology",
        "sorry",
        r"(?:you'll|you will) be sorry|(?:better|best) (?:be )?safe than sorry"
        r"|feel sorry for|sorry (?:excuse|state|sight|lot)|(?:i'm|i am) not sorry",
        1.01,
    ),
    (
        "repeat_prescription",
        "repair",
        "repeat",
        r"repeat (?:prescription|prescriptions|order|orders|customer|business"
        r"|offender|script|medication)",
        1.01,
    ),
    (
        "done_with",
        "self_harm",
        "done",
        r"done with (?:this|that|you)(?: (?:lot|people|company|call|nonsense))?(?: (?:goodbye|bye))?$",
        0.98,
    ),
    (
        "good_review",
        "review_threat",
        "review reviews",
        r"(?:good|nice|lovely|great|glowing|brilliant|five star) reviews?(?! and)"
        r"|(?:read|reading|saw|seen) (?:\w+ )?(?:your |the )?reviews?",
        0.9,
    ),
    (
        "no_harm",
        "danger medical self_harm",
        "drill test practice aid",
        r"(?:fire drill|fire alarm test|it's only a (?:drill|test)|first aid course)",
        0.9,
    ),
    (
        "water_outside",
        "danger",
        "water",
        r"^(?!.*\b(?:child|children|kids?|baby|boys?|girls?|mum|dad|nan|son|daughter|wife|husband|man|woman|people|person|some(?:one|body)"
        r"|we|us|me|he|she|him|her|they|them|car|inside|stuck|trapped|rising|drown\w*|swept|electrics?|sockets?|wires?)\b)"
        r".*(?:(?:street|road|pavement|yard|garden|car park)(?:'s| is)? (?:\w+ )?(?:full of|under) water"
        r"|water (?:\w+ ){1,3}(?:down|over|along|in) the (?:street|road|pavement|yard|garden|car park))",
        1.0,
    ),
    (
        "blame",
        "integrity_challenge",
        "mistake fault error",
        r"(?:it|that|this)(?:'s| is| was) (?:all )?your (?:mistake|fault|error)",
        0.9,
    ),
    ("parking", "request_free", "free", r"free (?:parking|range|school|gift|time)|(?:are you|you're|i'm|i am) free", 0.9),
    (
        "closing",
        "self_harm",
        "bye goodbye",
        r"(?:have to go|got to go|must go|done with (?:this|you)|i'm off)(?: now)? (?:good)?bye$",
        0.9,
    ),
    (
        "third_rang",
        "request_call_back",
        "rang called phoned",
        r"(?<!rather )you (?:rang|called|phoned) me|(?:rang|called|phoned) me back",
        0.9,
    ),
    ("reported_calm_down", "inflaming", "told", r"(?:he|she|they|you) told (?:me|us) to calm down", 1.01),
    ("thanks_for_nothing", "acceptance", "thanks thank", r"thank(?:s| you) for nothing|(?<!awesome )thanks a bunch|no thank you", 1.01),
)
