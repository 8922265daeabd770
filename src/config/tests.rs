use super::*;

const SHIPPED: &str = include_str!("../../config.toml");

fn refused(text: &str) -> String {
    Config::parse(text, "config.toml").expect_err("it is wrong").to_string()
}

#[test]
fn the_shipped_file_holds_the_defaults() {
    let shipped = Config::parse(SHIPPED, "config.toml").unwrap();
    let default = Config::default();
    // Spans tell where a value stood; only the values are compared.
    let plain = |config: &Config| {
        format!(
            "{:?}",
            (
                config.server.listen,
                config.server.public_url.get_ref(),
                config.server.connections,
                config.server.header_timeout,
                config.server.body_timeout,
                config.server.body_limit,
                (config.server.stop_timeout, config.server.proxies.len()),
                config.metrics.listen,
                (
                    (config.log.format, config.log.level.get_ref()),
                    &config.store,
                    config.queries.region.get_ref(),
                    config.queries.without_name,
                    config.queries.with_name
                ),
                (
                    (config.queries.slot, config.queries.new_numbers_a_day),
                    config.notices.debounce.get_ref(),
                    config.notices.debounce_at_most.get_ref(),
                    &config.notices.language
                ),
                (
                    config.notices.sms.iter().map(Spanned::get_ref).collect::<Vec<_>>(),
                    config.notices.email.iter().map(Spanned::get_ref).collect::<Vec<_>>()
                ),
                (
                    config.notices.concurrency,
                    config.notices.lease,
                    config.notices.attempts,
                    &config.notices.templates,
                    (config.notices.quiet.get_ref(), config.notices.zone.get_ref(), config.notices.breaker),
                    (&config.providers, &config.exchange, holds(&config.changes), caps(&config.sign_in.codes)),
                    (config.notices.service.get_ref(), config.notices.help.get_ref(), config.notices.expiry)
                ),
            )
        )
    };
    assert_eq!(plain(&shipped), plain(&default));
    assert_eq!(shipped.account("outbox").unwrap().1.kind.get_ref(), "folder");
}

fn holds(changes: &Changes) -> ([Span; 5], bool) {
    let all = [&changes.hold, &changes.short_hold, &changes.long_ago, &changes.sign_in_counts, &changes.patience];
    (all.map(|one| *one.get_ref()), changes.unsafe_holds)
}

fn caps(codes: &Codes) -> [u32; 7] {
    let (address, many) = ([&codes.again, &codes.address, &codes.address_day], [&codes.prefix, &codes.domain]);
    let [again, hour, day] = address.map(|one| *one.get_ref());
    let [prefix, domain] = many.map(|one| *one.get_ref());
    [again, hour, day, prefix, domain, *codes.country.get_ref(), *codes.requester.get_ref()]
}

#[test]
fn every_key_that_is_read_stands_in_the_shipped_file() {
    let sections = [
        "server",
        "metrics",
        "log",
        "store",
        "queries",
        "notices",
        "notices.breaker",
        "sign_in",
        "sign_in.codes",
        "changes",
        "exchange",
        "console",
        "console.operators.x",
        "providers",
        "accounts.x",
        "stand_in",
        "server.tls",
    ];
    let words: std::collections::BTreeSet<&str> =
        SHIPPED.split(|letter: char| !letter.is_ascii_alphanumeric() && letter != '_').collect();
    for section in sections {
        let said = refused(&format!("[{section}]\nno_such_key = 1\n"));
        let (_, known) = said.split_once("expected ").unwrap_or_else(|| panic!("{section}: {said}"));
        let keys: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
        assert!(!keys.is_empty(), "{section}: {said}");
        for key in keys {
            assert!(words.contains(key), "config.toml says nothing of {section}.{key}");
        }
    }
}

#[test]
fn what_is_short_and_meant_is_taken() {
    let text = "[changes]\nunsafe_holds = true\nhold = \"2 minutes\"\nshort_hold = \"1 minutes\"\nlong_ago = \"2 h\"\n";
    let config = Config::parse(text, "config.toml").unwrap();
    assert_eq!(config.changes.hold.get_ref().to_string(), "2 minutes");
}

#[test]
fn what_is_wrong_is_named_with_its_place_and_what_would_be_right() {
    let cases = [
        ("[server]\nlisten = \"nowhere\"\n", "config.toml:2:10: ", "write one like \"127.0.0.1:8080\""),
        ("[server]\nlitsen = 1\n", "config.toml:2:1: ", "unknown field `litsen`, expected one of `listen`"),
        ("[queries]\nslot = \"soon\"\n", "config.toml:2:8: ", "write a number and ms, s, minutes"),
        ("[queries]\n\nregion = \"usa\"\n", "config.toml:3:10: ", "two capitals"),
        ("[notices]\nsms = [\"nobody\"]\n", "config.toml:2:8: ", "there are: none"),
        ("[accounts.a]\nkind = \"folder\"\n", "config.toml:1:11: ", "needs path"),
        ("[accounts.a]\nkind = \"smtp\"\nurl = \"smtp://x\"\n", "config.toml:1:11: ", "needs from_email"),
        ("[accounts.\"a b\"]\nkind = \"x\"\n", "config.toml:1:11: ", "letters, digits"),
        ("[accounts.a]\nkind = \"x\"\ncountries = 3\n", "config.toml:3:13: ", "\"same\", \"any\" or a list"),
        ("[accounts.a]\nkind = \"x\"\nparameters = { token = 3 }\n", "config.toml:3:", "{ env = \"NAME\" }"),
        ("[server]\npublic_url = \"redial.example.com/\"\n", "config.toml:2:14: ", "without a slash"),
        ("[log]\nformat = \"xml\"\n", "config.toml:2:10: ", "expected `text` or `json`"),
        ("[server]\nconnections = 0\n", "config.toml:2:15: ", "expected a nonzero"),
        ("[notices]\nlease = \"0 s\"\n", "config.toml:2:9: ", "from 1 s to 1 days"),
        ("[notices]\nexpiry = \"0 s\"\n", "config.toml:2:10: ", "from 1 hours"),
        ("[notices]\ndebounce_at_most = \"1 s\"\n", "config.toml:2:20: ", "longer than notices.debounce_at_most"),
        ("[notices]\ndebounce = \"1 hour\"\n", "config.toml:2:12: ", "longer than notices.debounce_at_most"),
        ("[notices]\nservice = \"\"\n", "config.toml:2:11: ", "one line of 1 to 30"),
        ("[notices]\nbreaker = { open = \"0 s\" }\n", "config.toml:2:", "from 1 s"),
        ("[queries]\nslot = \"1 hour\"\n", "config.toml:2:8: ", "from 1 ms to 1 s"),
        ("[server]\nbody_limit = 0\n", "config.toml:2:14: ", "from 1024 to"),
        ("[exchange]\nto_address_a_day = 0\n", "config.toml:2:20: ", "from 1 to 100"),
        ("[notices]\nattempts = 11\n", "config.toml:2:12: ", "from 1 to 10"),
        (
            "[accounts.a]\nkind = \"folder\"\npath = \"x\"\n[notices]\nsms = [\"a\", \"a\"]\n",
            "config.toml:5:13: ",
            "twice",
        ),
        ("[accounts.a]\nkind = \"folder\"\npath = \"x\"\ncard = \"mms\"\n", "config.toml:1:11: ", "takes no card"),
        ("[accounts.a]\nkind = \"x\"\nhost = \"a b\"\n", "config.toml:1:11: ", "a host name is needed"),
        (
            "[accounts.a]\nkind = \"x\"\nhost = \"h\"\n[accounts.b]\nkind = \"x\"\nhost = \"h\"\n",
            "config.toml:1:11: ",
            "another account",
        ),
        ("[accounts.a]\nkind = \"x\"\ninbound_url = \"x\"\n", "config.toml:1:11: ", "it looks like"),
        ("[exchange]\nalone = 1000\n", "config.toml:2:9: ", "from 0 to 50"),
        ("[accounts.a]\nkind = \"x\"\ndeadline = \"0 ms\"\n", "config.toml:3:12: ", "from 1 ms to 30 s"),
        ("[notices]\nbreaker = { percent = 200 }\n", "config.toml:2:", "from 1 to 100"),
        ("[accounts.a]\nkind = \"twilio\"\nurl = \"https://x\"\n", "config.toml:1:11: ", "takes no url"),
        (
            "[accounts.a]\nkind = \"folder\"\npath = \"x\"\nbase_url = \"y\"\n",
            "config.toml:1:11: ",
            "takes no base_url",
        ),
        ("[server\n", "config.toml:1:8: ", ""),
        ("[changes]\nhold = \"2 hours\"\n", "config.toml:2:8: ", "less than 12 hours is not safe"),
        ("[changes]\nshort_hold = \"60 s\"\n", "config.toml:2:14: ", "say `unsafe_holds = true`"),
        ("[changes]\nunsafe_holds = true\nhold = \"1 s\"\n", "config.toml:3:8: ", "from 1 minutes to 30 days"),
        ("[changes]\nshort_hold = \"2 days\"\n", "config.toml:2:14: ", "longer than changes.hold, 1 days"),
        ("[changes]\npatience = \"0 s\"\n", "config.toml:2:12: ", "from 1 hours to 90 days"),
        ("[sign_in]\ncodes = { again = 0 }\n", "config.toml:2:19: ", "1 to 10 are possible"),
        ("[sign_in]\ncodes = { address = 999 }\n", "config.toml:2:21: ", "a guess more"),
        ("[sign_in]\ncodes = { address = 50 }\n", "config.toml:2:21: ", "more than address_day"),
    ];
    for (text, place, what) in cases {
        let said = refused(text);
        assert!(said.starts_with(place), "{said:?} should begin with {place:?}");
        assert!(said.contains(what), "{said:?} should contain {what:?}");
    }
}

#[test]
fn a_secret_comes_from_where_it_says_and_is_never_shown() {
    let file = std::env::temp_dir().join(format!("redial-secret-{}", std::process::id()));
    std::fs::write(&file, "from a file\n").unwrap();
    let text = format!(
        "[accounts.a]\nkind = \"x\"\n[accounts.a.parameters]\nplain = \"written\"\nfile = {{ file = {file:?} }}\nenv = {{ env = \"REDIAL_NOT_SET\" }}\n"
    );
    let config = Config::parse(&text, "config.toml").unwrap();
    let parameters = &config.account("a").unwrap().1.parameters;
    assert_eq!(parameters["file"].get_ref().all()[0].value().as_deref(), Ok("from a file"));
    std::fs::remove_file(&file).unwrap();
    assert_eq!(parameters["plain"].get_ref().all()[0].value().as_deref(), Ok("written"));
    assert!(parameters["env"].get_ref().all()[0].value().unwrap_err().contains("REDIAL_NOT_SET"));
    assert!(!format!("{config:?}").contains("written"));
}
