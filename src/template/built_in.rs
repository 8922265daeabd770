//! The texts that are compiled in: every text in every language, or this does not compile.

/// One language's files.
macro_rules! files {
    ($language:literal: $($folder:literal $name:literal),* $(,)?) => {
        &[
            (
                concat!("words/", $language, ".toml"),
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/words/", $language, ".toml")),
            ),
            $((
                concat!($folder, "/", $language, "/", $name, ".txt"),
                include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/", $folder, "/", $language, "/", $name, ".txt")),
            )),*
        ]
    };
}

macro_rules! page {
    ($name:literal) => {
        (
            concat!("pages/", $name, ".html"),
            include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/pages/", $name, ".html")),
        )
    };
}

macro_rules! language {
    ($language:literal) => {
        files!($language:
            "sms" "_stop", "sms" "_changes", "sms" "changed", "sms" "introduced", "sms" "digest", "sms" "updated",
            "sms" "hold", "sms" "kept", "sms" "contested", "sms" "unproved", "sms" "won", "sms" "lapsing", "sms" "code", "sms" "stopped", "sms" "started", "sms" "help",
            "email" "_changes", "email" "_foot", "email" "changed", "email" "introduced", "email" "digest",
            "email" "updated", "email" "hold", "email" "kept", "email" "contested", "email" "unproved", "email" "won", "email" "lapsing", "email" "code",
            "push" "changed", "push" "introduced", "push" "digest", "push" "updated", "push" "hold",
        )
    };
}

/// The languages that come with Redial.
#[cfg(test)]
pub(super) const LANGUAGES: [&str; 7] = ["en", "zh", "zh-hant", "es", "de", "fr", "ar"];

/// Their files, by path.
pub(super) const BUILT_IN: [&[(&str, &str)]; 8] = [
    language!("en"),
    language!("zh"),
    language!("zh-hant"),
    language!("es"),
    language!("de"),
    language!("fr"),
    language!("ar"),
    &[
        ("email/layout.html", include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/templates/email/layout.html"))),
        page!("layout"),
        page!("_holes"),
        page!("stop"),
        page!("card"),
        page!("portal/frame"),
        page!("portal/message"),
        page!("portal/sign_in"),
        page!("portal/sign_in_code"),
        page!("portal/home"),
        page!("portal/_about"),
        page!("portal/_into_group"),
        page!("portal/_take"),
        page!("portal/_text"),
        page!("portal/_card"),
        page!("portal/_label"),
        page!("portal/_plate"),
        page!("portal/_ticks"),
        page!("portal/_new_point"),
        page!("portal/_passkey"),
        page!("portal/_point"),
        page!("portal/_cost"),
        page!("portal/_preview"),
        page!("portal/_proof"),
        page!("portal/_start"),
        page!("portal/_steps"),
        page!("portal/home_change"),
        page!("portal/home_point"),
        page!("portal/home_profile"),
        page!("portal/home_who"),
        page!("portal/home_preview"),
        page!("portal/home_request"),
        page!("portal/home_history"),
        page!("portal/groups"),
        page!("portal/groups_board"),
        page!("portal/groups_one"),
        page!("portal/people_blocks"),
        page!("portal/people_import"),
        page!("portal/people_import_look"),
        page!("portal/people_introductions"),
        page!("portal/people_tray"),
        page!("portal/people_updates"),
        page!("portal/people"),
        page!("portal/people_one"),
        page!("portal/record"),
        page!("portal/safety"),
        page!("portal/safety_keys"),
        page!("portal/safety_erase"),
        page!("portal/safety_panic"),
        page!("portal/keep"),
    ],
];
