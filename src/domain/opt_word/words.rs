//! What people write when they want no more messages, want them again, or ask for help, in six languages. Folded as
//! [`super::fold`] does it: small letters, no accents, no punctuation. To add a language: its words in each list.

/// A message that begins with one of these stops (STOP and its kin; TD is what Chinese networks ask for).
pub(super) const STOP: &[&str] = &[
    // English
    "stop",
    "stopp",
    "unsubscribe",
    "optout",
    "stahp",
    // Chinese
    "td",
    "退订",
    "退訂",
    "停止",
    "取消订阅",
    "取消訂閱",
    "停发",
    "停發",
    // Spanish
    "parar",
    "alto",
    "detener",
    "basta",
    // German
    "abmelden",
    "abbestellen",
    "abmeldung",
    // French
    "arret",
    "arreter",
    "arretez",
    "desabonner",
    "desinscription",
    // Arabic
    "ايقاف",
    "توقف",
    "قف",
    "الغاء",
    "اوقف",
];

/// These stop where nothing else stands beside them: sentences begin with them too.
pub(super) const STOP_ALONE: &[&str] = &[
    "end",
    "quit",
    "cancel",
    "revoke",
    "remove",
    "opt out",
    "t", // English, Chinese networks
    "不要",
    "取消", // Chinese
    "baja",
    "cancelar",
    "no mas", // Spanish
    "ende",
    "schluss",
    "kundigen", // German
    "fin",
    "annuler",
    "supprimer", // French
    "كفى",       // Arabic
];

/// Everything from everybody.
pub(super) const STOP_ALL: &[&str] = &[
    "stopall",
    "stop all",
    "stop everything",
    "unsubscribe all",
    "stop alles",
    "stopp alles",
    "alles abbestellen",
    "全部退订",
    "全部退訂",
    "全部停止",
    "parar todo",
    "alto todo",
    "stop todo",
    "stop tout",
    "tout arreter",
    "arret tout",
    "ايقاف الكل",
    "الغاء الكل",
    "اوقف الكل",
];

/// Said anywhere in a message, these are a refusal in one's own words (47 CFR 64.1200(a)(10): any reasonable way counts).
pub(super) const REFUSALS: &[&str] = &[
    // English
    "stop texting",
    "stop messaging",
    "stop sending",
    "stop contacting",
    "stop writing",
    "dont text",
    "do not text",
    "dont message",
    "do not message",
    "dont contact",
    "do not contact",
    "dont write",
    "do not write",
    "no more messages",
    "no more texts",
    "leave me alone",
    "remove me",
    "take me off",
    "unsubscribe me",
    "wrong number",
    "not interested",
    // Chinese
    "不要再发",
    "不要再發",
    "别再发",
    "別再發",
    "不要发",
    "不要發",
    "别发了",
    "別發了",
    "不要再联系",
    "不要再聯繫",
    "请勿打扰",
    "請勿打擾",
    "不想收到",
    "打错了",
    "打錯了",
    // Spanish
    "no me escriba",
    "no me escribas",
    "no me escriban",
    "no me mande",
    "no me mandes",
    "no me envie",
    "no me envies",
    "no quiero mensajes",
    "no quiero mas",
    "deja de enviar",
    "deje de enviar",
    "dejen de enviar",
    "deja de escribir",
    "no mas mensajes",
    "dejame en paz",
    "dejenme en paz",
    "numero equivocado",
    // German
    "keine nachrichten mehr",
    "keine sms mehr",
    "nicht mehr schreiben",
    "schreiben sie mir nicht",
    "schreib mir nicht",
    "lass mich in ruhe",
    "lassen sie mich in ruhe",
    "hort auf",
    "horen sie auf",
    "nicht mehr kontaktieren",
    "keine weiteren nachrichten",
    "falsche nummer",
    // French
    "ne mecrivez plus",
    "ne mecris plus",
    "plus de messages",
    "plus de sms",
    "arretez de",
    "arrete de",
    "laissez moi tranquille",
    "laisse moi tranquille",
    "ne me contactez plus",
    "ne menvoyez plus",
    "mauvais numero",
    // Arabic
    "لا ترسل",
    "لا تراسل",
    "لا تكتب",
    "لا اريد رسايل",
    "لا اريد المزيد",
    "توقف عن",
    "لا تتصل",
    "اتركني",
    "الرقم خطا",
    "رقم خطا",
];

/// Messages again, where nothing else stands beside them.
pub(super) const START: &[&str] = &[
    "start",
    "unstop",
    "subscribe",
    "resume", // English
    "开始",
    "開始",
    "恢复",
    "恢復",
    "订阅",
    "訂閱", // Chinese
    "iniciar",
    "comenzar",
    "empezar",
    "alta", // Spanish
    "anmelden",
    "starten",
    "weiter", // German
    "demarrer",
    "commencer",
    "reprendre", // French
    "ابدا",
    "بدء",
    "اشتراك",
    "استيناف", // Arabic
];

/// A question, where nothing else stands beside them.
pub(super) const HELP: &[&str] = &[
    "help",
    "info",
    "who is this",
    "who are you",
    "help me", // English
    "帮助",
    "幫助",
    "你是谁",
    "你是誰", // Chinese
    "ayuda",
    "quien es", // Spanish
    "hilfe",
    "wer ist da",
    "wer ist das",
    "wer sind sie", // German
    "aide",
    "qui est ce",
    "qui etes vous", // French
    "مساعده",
    "مساعدة",
    "من انت", // Arabic
];

/// Letters that are written so in traditional Chinese alone.
pub(super) const TRADITIONAL: &[char] = &['訂', '閱', '發', '聯', '繫', '請', '擾', '錯', '幫', '誰', '開', '啟', '復'];

/// Words of the lists above that tell a language.
pub(super) const TELLING: &[(&str, &[&str])] = &[
    (
        "es",
        &[
            "parar",
            "alto",
            "detener",
            "basta",
            "baja",
            "cancelar",
            "no mas",
            "todo",
            "ayuda",
            "quien es",
            "no me",
            "deje",
            "comenzar",
            "empezar",
            "numero equivocado",
        ],
    ),
    (
        "de",
        &[
            "abmelden",
            "abbestellen",
            "abmeldung",
            "ende",
            "schluss",
            "kundigen",
            "alles",
            "hilfe",
            "wer ist da",
            "wer ist das",
            "wer sind sie",
            "bitte",
            "keine",
            "nicht",
            "mehr",
            "falsche nummer",
        ],
    ),
    (
        "fr",
        &[
            "arret",
            "arreter",
            "arretez",
            "desabonner",
            "desinscription",
            "fin",
            "annuler",
            "supprimer",
            "tout",
            "aide",
            "qui est ce",
            "qui etes vous",
            "ne plus",
            "plus de",
            "commencer",
            "mauvais numero",
        ],
    ),
    (
        "en",
        &[
            "unsubscribe",
            "optout",
            "opt out",
            "quit",
            "cancel",
            "revoke",
            "remove",
            "everything",
            "who is this",
            "who are you",
            "help me",
            "do not",
            "dont",
            "please",
            "wrong number",
            "not interested",
            "leave me alone",
            "no more",
        ],
    ),
];
