//! `redial import`: an operator's or owner's first load from files.

mod errors;

use super::{
    Failure, by_hand, in_file,
    progress::Progress,
    say::{note, say},
    there_is,
};
use crate::{
    domain::{
        address::phone::Region,
        id::{BookId, GroupId, OwnerId},
    },
    usecase::{
        Env,
        import::{ImportFailed, Imported, Listener},
        import_contacts, import_moves,
    },
};
use errors::{ErrorFile, errors_path};
use std::{
    error::Error,
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Arguments of `redial import`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  redial import contacts phone.vcf --owner own_01j8z6m3t5k7v9x1b3d5f7h9jn
  redial import moves moved.csv --region US")]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Load an owner's contacts from a vCard or CSV file.
    Contacts(Contacts),
    /// Load moves that have happened already: who left which number for which.
    Moves(Moves),
}

/// Arguments of `redial import contacts`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  redial import contacts phone.vcf --owner own_01j8z6m3t5k7v9x1b3d5f7h9jn
  redial import contacts google.csv --owner own_01j8z6m3t5k7v9x1b3d5f7h9jn --group grp_01j8z6m3t5k7v9x1b3d5f7h9jn

A .vcf file holds any number of vCards of version 2.1, 3.0 or 4.0. A .csv file is what Google Contacts or Outlook \
export, or has columns such as name, phone, email. Nobody is told anything because of an import.
What cannot be loaded stands in FILE.errors.csv with its line and the reason; the rest is loaded, and the same file \
may be loaded again.

Exit code 0: all loaded; 1: some not; 2: nothing could be done.")]
struct Contacts {
    /// A .vcf or .csv file.
    file: PathBuf,
    /// Whose contacts they are.
    #[arg(long)]
    owner: OwnerId,
    /// The book that they go into; not needed where the owner has one book, or none.
    #[arg(long)]
    book: Option<BookId>,
    /// A group of the book that they join, beside the book's default group.
    #[arg(long)]
    group: Option<GroupId>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Arguments of `redial import moves`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Example:
  redial import moves moved.csv --region US

The file:
  name,old,new,changed_at,grant
  Ann Lee,+1 415 555 2671,+44 20 7946 0018,2026-03-01,reveal

grant is what everyone gets: reveal (learn the new number), forward (be connected to it) or none. Rows of one person \
stand in the order of changed_at. Owners who have claimed their points are never touched.
What cannot be loaded stands in FILE.errors.csv with its line and the reason; the rest is loaded, and the same file \
may be loaded again.

Exit code 0: all loaded; 1: some not; 2: nothing could be done.")]
struct Moves {
    /// A .csv file with the header `name,old,new,changed_at,grant`.
    file: PathBuf,
    /// The name of the source, for the record; the file's name without it.
    #[arg(long)]
    source: Option<String>,
    /// Country of numbers without a country code, such as US; the configuration's without it.
    #[arg(long, value_parser = region)]
    region: Option<Region>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

fn region(text: &str) -> Result<Region, String> {
    Region::new(text)
        .ok_or_else(|| format!("{text} is no country with phone numbers; two letters such as US are needed"))
}

/// Carries it out.
///
/// # Errors
/// Where nothing, or not all of the file, could be read; with exit code 2.
pub async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    match args.what {
        What::Contacts(args) => contacts(args, env).await,
        What::Moves(args) => moves(args, env).await,
    }
}

async fn moves(args: Moves, env: &Env) -> Result<ExitCode, Failure> {
    let file = open(&args.file)?;
    let base = || args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let name = args.source.clone().unwrap_or_else(base).into();
    by_hand::noted(env, "moves_imported", &args.file.display().to_string()).await?;
    let source = import_moves::Source { name, region: args.region.or(env.rules().region) };
    let mut teller = Teller::new(env, &args.file, &file);
    let imported = import_moves::import(env, file, &source, &mut teller).await;
    teller.finish("moves", &imported, args.json)
}

async fn contacts(args: Contacts, env: &Env) -> Result<ExitCode, Failure> {
    let format = import_contacts::Format::of(&args.file)
        .ok_or_else(|| format!("{}: the name must end in .vcf or .csv", args.file.display()))?;
    let file = open(&args.file)?;
    there_is(env, args.owner).await?;
    by_hand::noted(env, "contacts_imported", &format!("{} for {}", args.file.display(), args.owner)).await?;
    let into = import_contacts::Target { owner: args.owner, book: args.book, group: args.group };
    let mut teller = Teller::new(env, &args.file, &file);
    let imported = import_contacts::import(env, file, format, &into, &mut teller).await;
    teller.finish("contacts", &imported, args.json)
}

fn open(path: &Path) -> Result<File, String> {
    let file = File::open(path).map_err(in_file(path))?;
    if file.metadata().is_ok_and(|about| about.is_dir()) {
        return Err(format!("{}: a folder; name a file in it", path.display()));
    }
    Ok(file)
}

/// Shows progress on a terminal, and writes down what was not loaded.
struct Teller {
    path: PathBuf,
    bar: Progress,
    errors: ErrorFile,
}

impl Teller {
    fn new(env: &Env, path: &Path, file: &File) -> Self {
        let length = file.metadata().map_or(0, |about| about.len());
        let template = "{bar:30} {bytes}/{total_bytes} {elapsed} left {eta} {msg}";
        let bar = Progress::new(&env.clock, Some(length), template);
        Self { path: path.to_owned(), bar, errors: ErrorFile::new(errors_path(path)) }
    }

    fn finish(self, what: &str, imported: &Result<Imported, ImportFailed>, json: bool) -> Result<ExitCode, Failure> {
        drop(self.bar);
        let told = self.errors.finish()?;
        let imported = match imported {
            Ok(imported) => *imported,
            Err(failed @ ImportFailed::Refused(_)) => return Err(with_causes(failed).into()),
            Err(failed) => return Err(format!("{}: {}", self.path.display(), with_causes(failed)).into()),
        };
        let Imported { added, changed, same, bad, unreadable } = imported;
        if json {
            let errors = told.as_ref().map(|path| path.display().to_string());
            let line = serde_json::json!({
                "added": added, "changed": changed, "same": same, "bad": bad, "unreadable": unreadable, "errors": errors,
            });
            say(line)?;
        } else {
            say(format_args!("{what}: {added} added, {changed} changed, {same} were there already, {bad} not loaded"))?;
        }
        if unreadable > 0 {
            note(format_args!("{unreadable} numbers or addresses in them cannot be read, and so match nobody"));
        }
        if let Some(path) = told {
            note(format_args!("what was not loaded, with line and reason: {}", path.display()));
        }
        Ok(ExitCode::from(u8::from(bad > 0)))
    }
}

fn with_causes(failed: &ImportFailed) -> String {
    let (mut text, mut cause) = (failed.to_string(), failed.source());
    while let Some(deeper) = cause {
        text.push_str(": ");
        text.push_str(&deeper.to_string());
        cause = deeper.source();
    }
    text
}

impl Listener for Teller {
    fn read(&mut self, bytes: u64) {
        self.bar.reached(bytes);
    }

    fn bad(&mut self, line: u64, reason: &str) {
        self.errors.add(line, reason);
    }
}
