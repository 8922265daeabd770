//! `redial audit verify`: whether the owners' audit trails and the operation's are what was written.

use crate::{
    cli::{Failure, OWNERS, in_file, progress::Progress, say::say},
    domain::id::OwnerId,
    store::{
        Trail,
        chain::{Chain, Hash, Head, hex},
    },
    usecase::{
        Env,
        audit_trail::{self, Broken, Look, Looked},
    },
};
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead as _, BufReader, BufWriter, Write as _},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Arguments of `redial audit verify`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  redial audit verify
  redial audit verify --owner own_01j8z6m3t5k7v9x1b3d5f7h9jn --json
  redial audit verify --save heads.jsonl       keeps how each chain ends; put the file where the database's \
administrators cannot write
  redial audit verify --against heads.jsonl    compares: what was in a chain then must be in it now

Each line of a trail holds a hash over itself and the line before; how each chain ends stands apart. So a line that was \
altered, taken out, put in or moved is found, and so is one that is missing at the end. Somebody who can write to the \
database and makes all hashes anew is found only by --against.

Exit code 0: every chain holds; 1: at least one is broken, and the first broken line of each is named; 2: not looked at.")]
pub(super) struct Args {
    /// Only this owner's.
    #[arg(long, value_name = "ID")]
    owner: Option<OwnerId>,
    /// One JSON object instead of text.
    #[arg(long)]
    json: bool,
    /// Write how each chain that holds ends to this new file.
    #[arg(long, value_name = "FILE")]
    save: Option<PathBuf>,
    /// Compare with what an earlier --save wrote.
    #[arg(long, value_name = "FILE")]
    against: Option<PathBuf>,
}

/// Looks, and prints what is broken.
pub(super) async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    let against = args.against.as_deref().map(read).transpose()?;
    let mut file = args
        .save
        .as_deref()
        .map(|path| fs::File::create_new(path).map(BufWriter::new).map_err(in_file(path)))
        .transpose()?;
    let bar = Progress::new(&env.clock, Some(env.store.lines().await?), "{bar:40} {pos}/{len} lines {eta}");
    let mut progress = |lines| bar.reached(lines);
    let mut failed = None;
    let mut ends = |chain: Chain, Head { number, hash }: Head| {
        if let Some(file) = &mut file {
            let (kind, name) = named(chain);
            let line = json!({kind: name, "lines": number, "hash": hex(&hash)});
            failed = writeln!(file, "{line}").err().or(failed.take());
        }
    };
    let look = Look { of: args.owner, against: against.as_ref(), ends: Some(&mut ends), progress: Some(&mut progress) };
    let looked = audit_trail::verify(env, look).await?;
    drop(bar);
    if let Some(owner) = args.owner.filter(|_| looked.lines == 0 && looked.broken.is_empty()) {
        return Err(format!("there is no trail of {owner}; {OWNERS}").into());
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    if let Some(mut file) = file {
        file.flush()?;
        file.get_ref().sync_all()?;
    }
    print(&looked, args.json)?;
    Ok(if looked.broken.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(1) })
}

fn print(looked: &Looked, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let broken: Vec<Value> = looked
            .broken
            .iter()
            .map(|Broken { chain, number, id, fault }| {
                let (kind, name) = named(*chain);
                json!({kind: name, "line": number, "id": id, "fault": fault.word()})
            })
            .collect();
        let Looked { owners, lines, erased, .. } = looked;
        return say(json!({"owners": owners, "lines": lines, "erased": erased, "broken": broken}));
    }
    for Broken { chain, number, id, fault } in &looked.broken {
        let id = id.map(|id| format!(" ({id})")).unwrap_or_default();
        say(format_args!("{}: line {number}{id} {}", named(*chain).1, fault.says()))?;
    }
    let Looked { owners, lines, erased, broken } = looked;
    let broken = if broken.is_empty() { "every chain holds".to_owned() } else { format!("{} broken", broken.len()) };
    say(format_args!("{owners} owners, {lines} lines, {erased} of them erased: {broken}"))
}

/// What kind of chain it is, and which.
fn named(chain: Chain) -> (&'static str, String) {
    match chain {
        Chain::Trail(trail) => ("trail", trail.word().to_owned()),
        Chain::Owner(owner) => ("owner", owner.to_string()),
    }
}

fn read(path: &Path) -> Result<BTreeMap<Chain, (u64, Hash)>, Failure> {
    let mut ends = BTreeMap::new();
    for (number, line) in (1..).zip(BufReader::new(fs::File::open(path).map_err(in_file(path))?).lines()) {
        let wrong = || {
            format!(
                "{}, line {number}: not what `redial audit verify --save` writes; name a file that it wrote",
                path.display()
            )
        };
        let line: Value = serde_json::from_str(&line?).map_err(|_| wrong())?;
        let end = || {
            let chain = match (line.get("owner"), line.get("trail")) {
                (Some(owner), None) => Chain::Owner(owner.as_str()?.parse().ok()?),
                (None, Some(trail)) => Chain::Trail(Trail::read(trail.as_str()?)?),
                _ => return None,
            };
            Some((chain, (line.get("lines")?.as_u64()?, unhex(line.get("hash")?.as_str()?)?)))
        };
        let (chain, end) = end().ok_or_else(wrong)?;
        ends.insert(chain, end);
    }
    Ok(ends)
}

fn unhex(text: &str) -> Option<Hash> {
    let mut hash = Hash::default();
    if text.len() != 2 * hash.len() || !text.is_ascii() {
        return None;
    }
    for (byte, at) in hash.iter_mut().zip((0..).step_by(2)) {
        *byte = u8::from_str_radix(&text[at..at + 2], 16).ok()?;
    }
    Some(hash)
}
