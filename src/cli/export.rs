//! `redial export`: everything back, as JSON lines and vCards.

use super::{
    Failure, OWNERS, by_hand, in_file, of_id,
    progress::Progress,
    say::{note, unread},
};
use crate::{
    domain::id::OwnerId,
    usecase::{
        Env,
        export::{ExportFailed, Exported, Sink, export},
    },
};
use serde_json::Value;
use std::{
    fs::{self, File, OpenOptions},
    io::{self, BufWriter, IsTerminal as _, Write},
    path::{Path, PathBuf},
    process::ExitCode,
};

/// Arguments of `redial export`.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  redial export --out backup/
  redial export --owner own_01j8z6m3t5k7v9x1b3d5f7h9jn > owner.jsonl

Into a folder: export.jsonl with everything, owners.vcf with the owners' own cards, and contacts/OWNER.vcf with the \
contacts of each. To standard output: the JSON lines, in which every contact's vCard stands too.
Secrets are not exported. What others write meanwhile may be in it or not.

Exit code 0: all exported; 2: not, or not all.")]
pub struct Args {
    /// Only this owner.
    #[arg(long)]
    owner: Option<OwnerId>,
    /// A folder that is made or is empty, or `-` for standard output.
    #[arg(long, default_value = "-", value_name = "FOLDER")]
    out: PathBuf,
}

/// Carries it out.
///
/// # Errors
/// Where there is no such owner, the folder cannot be used, or the store fails; with exit code 2.
pub async fn run(args: Args, env: &Env) -> Result<ExitCode, Failure> {
    let whom = args.owner.map_or_else(|| "everything".to_owned(), |owner| owner.to_string());
    by_hand::noted(env, "exported", &whom).await?;
    let to_terminal = args.out == Path::new("-") && io::stdout().is_terminal();
    let bar = Progress::new(&env.clock, None, "{spinner} {elapsed} {msg}");
    let mut progress = |done: Exported| {
        if !to_terminal {
            bar.says(format!("{} owners, {} contacts", done.owners, done.contacts));
        }
    };
    let failed = |failed| match (failed, args.owner) {
        (ExportFailed::Refused(refused), Some(owner)) => of_id(owner, OWNERS)(refused),
        (ExportFailed::Unwritable(error), _) if args.out == Path::new("-") => unread(&error),
        (failed, _) => failed.into(),
    };
    let exported = if args.out == Path::new("-") {
        let mut sink = Lines(BufWriter::new(io::stdout()));
        let exported = export(env, args.owner, &mut sink, &mut progress).await.map_err(failed)?;
        sink.0.flush().map_err(|error| unread(&error))?;
        exported
    } else {
        let mut sink = Folder::open(&args.out)?;
        let exported = export(env, args.owner, &mut sink, &mut progress).await.map_err(failed)?;
        sink.finish()?;
        exported
    };
    drop(bar);
    let Exported { owners, contacts, lines } = exported;
    note(format_args!("{owners} owners, {contacts} contacts, {lines} lines"));
    Ok(ExitCode::SUCCESS)
}

/// JSON lines alone.
struct Lines<W>(W);

impl Sink for Lines<BufWriter<io::Stdout>> {
    fn line(&mut self, object: &Value) -> io::Result<()> {
        writeln!(self.0, "{object}")
    }

    fn own_card(&mut self, _: &str) -> io::Result<()> {
        Ok(())
    }

    fn contact(&mut self, _: OwnerId, _: &[u8]) -> io::Result<()> {
        Ok(())
    }
}

/// Files in a folder. Only the present owner's file of contacts is open.
struct Folder {
    contacts: PathBuf,
    lines: BufWriter<File>,
    own: BufWriter<File>,
    open: Option<(OwnerId, BufWriter<File>)>,
}

impl Folder {
    fn open(path: &Path) -> Result<Self, String> {
        let failed = in_file(path);
        fs::create_dir_all(path).map_err(&failed)?;
        if fs::read_dir(path).map_err(&failed)?.next().is_some() {
            return Err(format!("{}: the folder is not empty; name one that is, or that is not there", path.display()));
        }
        let create = |name: &str| private(&path.join(name)).map_err(&failed);
        Ok(Self {
            contacts: path.join("contacts"),
            lines: create("export.jsonl")?,
            own: create("owners.vcf")?,
            open: None,
        })
    }

    fn finish(mut self) -> io::Result<()> {
        self.close()?;
        self.own.flush()?;
        self.lines.flush()
    }

    fn close(&mut self) -> io::Result<()> {
        self.open.take().map_or(Ok(()), |(_, mut file)| file.flush())
    }
}

/// A new file that nobody else may read: it is full of numbers.
fn private(path: &Path) -> io::Result<BufWriter<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(BufWriter::new)
}

impl Sink for Folder {
    fn line(&mut self, object: &Value) -> io::Result<()> {
        writeln!(self.lines, "{object}")
    }

    fn own_card(&mut self, card: &str) -> io::Result<()> {
        self.own.write_all(card.as_bytes())
    }

    fn contact(&mut self, owner: OwnerId, card: &[u8]) -> io::Result<()> {
        if self.open.as_ref().is_none_or(|(present, _)| *present != owner) {
            self.close()?;
            fs::create_dir_all(&self.contacts)?;
            self.open = Some((owner, private(&self.contacts.join(format!("{owner}.vcf")))?));
        }
        let Some((_, file)) = &mut self.open else { return Ok(()) };
        file.write_all(card)?;
        // A card that ends without a line end would run into the next.
        if card.ends_with(b"\n") { Ok(()) } else { file.write_all(b"\r\n") }
    }
}
