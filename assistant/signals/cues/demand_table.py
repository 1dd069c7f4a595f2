"""Patterns of what callers ask for and threaten with. Data: see `pattern_table.py`."""

_SENIOR = (
    r"(?:manager|supervisor|superior|boss|gaffer|team leader|line manager|head of \w+"
    r"|(?:somebody|someone|anyone|anybody) (?:\w+ )?(?:higher|senior|above|in charge|more senior|with authority))"
)
_FEE = r"(?:fee|fees|charge|charges|fine|fines|surcharge|penalty|postage)"
_PUBLIC = r"(?:trustpilot|tripadvisor|facebook|instagram|tiktok|twitter|youtube|social media|the internet)"
_LAWYER = r"(?:solicitor|solicitors|lawyer|lawyers|barrister|attorney|legal team)"
_COURT = r"(?:court|small claims|small claims court|county court|tribunal|the ombudsman|a tribunal|an ombudsman|industrial tribunal)"

DEMAND_PATTERNS: tuple[tuple[str, str, str, str, str], ...] = (
    (
        "request_manager.get_me",
        "manager supervisor superior boss gaffer leader somebody someone anyone anybody head",
        r"(?:speak|talk|put me (?:through|on)|get me|connect me|have a word|fetch|give me|transfer me|let me have|hand me over"
        rf"|i want|pass me)(?: \w+){{0,4}}? {_SENIOR}"
        rf"|get (?:your|the|a) {_SENIOR}|put (?:your|a|the) {_SENIOR}",
        r"when i spoke|spoke|you talk to|not speak|don't (?:want|need)|my (?:boss|manager|supervisor) |speak to my",
        "",
    ),
    (
        "request_manager.in_charge",
        "charge above who who's",
        r"who(?:'s| is) (?:in charge|your (?:manager|supervisor|boss|superior))|(?:somebody|someone|whoever(?:'s"
        r"| is)?) (?:in charge|above you)",
        "",
        "",
    ),
    (
        "request_refund.money_back",
        "back refund refunded",
        r"(?:want|give me|get|like|need|gimme|wanting"
        r"|have) (?:\w+ ){0,3}?(?:my|our|the|that) (?:\w+ ){0,2}?(?:money"
        r"|deposit|fare|cash|pounds|quid) back"
        r"|pay me back|(?:refund me|refund (?:my|the|it)(?! come| gone))|(?:want|like|give me|demand|i'm after) (?:a "
        r"|my )(?:full |partial )?refund",
        r"(?:has|have|did|where|when|already|been|got) (?:\w+ ){0,3}refund|thank|i got|got my|paid me back",
        "",
    ),
    (
        "request_free.waive",
        "waive scrap drop wipe write overlook forget remove off",
        rf"(?:waive|scrap|drop|wipe|write off|overlook|forget|remove|take off|knock off) (?:\w+ ){{0,4}}?{_FEE}",
        r"you(?:'d| would| said| already)|waived|he said",
        "",
    ),
    (
        "request_free.for_nothing",
        "free nothing charge house cost paying off",
        r"(?:can|could|would|will) (?:you|i|we) (?:\w+ ){0,7}?(?:for free|for nothing|free of charge|at no (?:charge|cost)"
        r"|on the house|without paying)"
        r"|let me off (?:the|this|that|with)",
        r"works for nothing",
        "",
    ),
    (
        "request_rush.now",
        "now away immediately urgently asap possible",
        r"(?:i|we)(?:'ll)? (?:need|want) (?:\w+ ){0,8}?(?:straight away|right now|right away|immediately|urgently|asap"
        r"|as soon as possible)"
        r"|(?:send|get|fix|do|sort) (?:it|this|that|somebody|someone|one) (?:\w+ ){0,4}?(?:straight away|right now|right away"
        r"|immediately|now|as soon as possible)$",
        r"(?:i'll|i can|i will) (?:do|get)|i do it|hurt|die|deeper|myself|like to do",
        "",
    ),
    (
        "request_rush.sooner",
        "expedite hurry speed in forward sooner earlier",
        r"expedite|hurry (?:it|this|that|things) (?:along|up)|speed (?:it|this|that|things) up"
        r"|(?:can|could|would|couldn't) you (?:not )?(?:squeeze|fit) (?:me|us) in|bring (?:it|that|this|the date"
        r"|the appointment) forward|(?:anything|nothing|something|one) (?:any )?(?:sooner|earlier)",
        r"no hurry|no rush|trim|thank you|speed it up on my|when it|come sooner",
        "",
    ),
    (
        "request_cancel.cancel_it",
        "cancel close terminate unsubscribe off",
        r"^(?:just |please |right |then |yes |okay |so |well )*(?:cancel|terminate) (?:it|my|the|everything|that|this|all|me)"
        r"|(?:i want to|i'd like to|i need to|can you|could you|would you|i wish to|please) (?:please |just )?(?:cancel"
        r"|terminate) (?:it|my|the|our|this|that|everything|all)"
        r"|close (?:my|our) account|unsubscribe me|take me off your (?:books|list|system)",
        r"not (?:want to )?cancel|who|before i cancel|if i cancel|don't",
        "",
    ),
    (
        "request_write_up.in_writing",
        "writing email letter paper complaint white",
        r"(?:want|need|have|having|like|put|get|give me|send me|confirm) (?:\w+ ){0,5}?(?:in writing|in an email|in a letter"
        r"|by email|on (?:headed )?paper|in black and white)",
        r"i(?:'ve)? (?:put|got|had|have|sent) it|i have (?:it|that)|already|i can put|i've got|have you",
        "",
    ),
    (
        "request_write_up.complaint",
        "complaint grievance",
        r"(?:make|raise|log|lodge|file|open|register|put in) (?:a|an|my"
        r"|this as a|it as a|that as a) (?:formal |official "
        r"|written )?(?:complaint|grievance)",
        r"(?:made|raised|logged|nearly|not going|don't want)|ombudsman|council|rather not",
        "",
    ),
    (
        "request_call_back.ring_me",
        "ring call phone telephone bell",
        r"(?:can|could|would|will|get|have|ask|tell|please|want)(?: \w+){0,5}? (?:to )?(?:ring|phone|telephone|call) (?:me"
        r"|us) (?:back|when|on|at|after|in|later|tomorrow|within|once|tonight|today)"
        r"|^(?:just |please |so )*(?:ring|phone|call|bell) (?:me|us) (?:back|when|on|at|after|in|later|tomorrow|within|once|tonight|today)",
        r"you said|told me|(?:don't|not|never) (?:ring|phone|call)|they (?:always|want)|nobody|no one",
        "",
    ),
    (
        "review_threat.post",
        "review star trustpilot tripadvisor facebook instagram tiktok twitter youtube media internet reviews",
        r"(?:i'll|i will|i'm going to|i'm gonna|we'll|gonna|i shall|this is going|it's going|wait till|i'm putting"
        rf"|going) (?:\w+ ){{0,7}}?(?:bad review|one star|{_PUBLIC})",
        r"(?:good|nice|lovely|glowing|five star|great) (?:review|one)|see if|look",
        "",
    ),
    (
        "review_threat.press",
        "press papers newspapers media paper viral star",
        r"(?:go|going|gone|i'm off|send|sending|take|taking) (?:\w+ ){0,3}?to the (?:press|papers|newspapers|paper|media"
        r"|local paper)|go viral|one star and",
        "",
        "",
    ),
    (
        "legal_threat.lawyer",
        "solicitor solicitors lawyer lawyers barrister attorney legal solicitor's solicitors' lawyer's barrister's attorney's",
        rf"hear(?:ing)? from my {_LAWYER}|my {_LAWYER}(?:'s| is| are|'ll| will) (?:be |going to "
        r"|gonna |drafting |writing |instructed|in touch)"
        rf"|(?:i'll be|i'm|i shall be) (?:\w+ )?(?:seeing|speaking to|calling|ringing|instructing|getting) (?:my|a) {_LAWYER}|legal action",
        r"divorce|house|will be pleased|conveyanc",
        "",
    ),
    (
        "legal_threat.court",
        "court tribunal claims ombudsman",
        rf"(?:see|seeing) you in (?:the )?{_COURT}|(?:take|taking|drag) (?:you|this|it|them|you lot|you all) to (?:the )?{_COURT}"
        r"|(?:i am|i'm) going to (?:the )?(?:\w+ )?(?:ombudsman|tribunal|small claims)|(?:hearing"
        r"|hear) from the (?:\w+ )?(?:ombudsman|court|courts|regulator)|file in (?:the )?small claims",
        "",
        "",
    ),
    (
        "legal_threat.sue",
        "sue suing charges damages prosecute",
        r"(?:i'll|i will|i'm going to|gonna|we'll) sue|sue you|pressing charges|press charges|be seeking damages",
        "so sue me|as good as",
        "",
    ),
    (
        "legal_threat.report_you",
        "reporting report",
        r"(?:reporting|report) (?:you|this|it"
        r"|you lot) to (?:the )?(?:\w+ )?(?:police|trading standards|regulator"
        r"|ombudsman|authorities|ofcom|ofgem|commissioner)",
        r"should i|do i|i did|need to",
        "",
    ),
)
