//! A file of many cards, cut into cards. No card is held that is larger than it may be.

use super::document::{BadCard, LARGEST};

/// One card of a file: its bytes and the line that it begins at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// From `BEGIN:VCARD` to `END:VCARD` with its line end.
    pub bytes: Vec<u8>,
    /// Counts from 1 in the file.
    pub line: usize,
}

impl Piece {
    /// Reads the card; an error names the line of the file.
    pub fn read(&self) -> Result<super::Document, BadCard> {
        let shift = self.line - 1;
        super::Document::parse(&self.bytes).map_err(|bad| bad.shifted(shift))
    }
}

/// Takes a file's lines one after the other and gives each card when its end has come.
#[derive(Debug, Default)]
pub struct Splitter {
    /// What has come of the present card; `None` once it is too large.
    card: Option<Vec<u8>>,
    begun: usize,
    depth: u32,
    line: usize,
    within_line: bool,
    stray: bool,
    /// Whether the last line was an `AGENT:` that a nested card follows.
    nests: bool,
}

impl Splitter {
    /// Takes one line with its end; one of more than 64 bytes may come in several pieces.
    pub fn push(&mut self, piece: &[u8]) -> Option<Result<Piece, BadCard>> {
        let starts = !std::mem::replace(&mut self.within_line, !piece.ends_with(b"\n"));
        if !starts {
            self.keep(piece);
            return None;
        }
        self.line += 1;
        let bare = if self.line == 1 { piece.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(piece) } else { piece };
        let word = bare.trim_ascii_end();
        let begins = word.eq_ignore_ascii_case(b"BEGIN:VCARD");
        let mut done = None;
        if begins && self.depth > 0 && !self.nests {
            done = Some(Err(BadCard::NoEnd { line: self.begun }));
            self.depth = 0;
        }
        if self.depth == 0 && !begins {
            // Said once for a stretch of lines outside of any card.
            let first = !word.trim_ascii().is_empty() && !std::mem::replace(&mut self.stray, true);
            return first.then_some(Err(BadCard::NoBegin { line: self.line }));
        }
        if begins && self.depth == 0 {
            self.card = Some(Vec::new());
            (self.begun, self.stray) = (self.line, false);
        }
        self.depth += u32::from(begins);
        self.nests = word.len() >= 6 && word[..5].eq_ignore_ascii_case(b"AGENT") && word.ends_with(b":");
        self.keep(bare);
        if word.eq_ignore_ascii_case(b"END:VCARD") {
            self.depth -= 1;
            if self.depth == 0 {
                done = Some(self.finished());
            }
        }
        done
    }

    /// The file has ended: an error where a card has not.
    pub fn finish(&mut self) -> Option<BadCard> {
        (std::mem::take(&mut self.depth) > 0).then_some(BadCard::NoEnd { line: self.begun })
    }

    fn keep(&mut self, bytes: &[u8]) {
        self.card.take_if(|card| card.len() + bytes.len() > LARGEST);
        if let Some(card) = &mut self.card {
            card.extend_from_slice(bytes);
        }
    }

    fn finished(&mut self) -> Result<Piece, BadCard> {
        let bytes = self.card.take().ok_or(BadCard::TooLarge { line: self.begun })?;
        Ok(Piece { bytes, line: self.begun })
    }
}

impl BadCard {
    /// The same, for a card that begins further down in a file.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        match &mut self {
            BadCard::NoBegin { line }
            | BadCard::NoEnd { line }
            | BadCard::AfterEnd { line }
            | BadCard::NoVersion { line }
            | BadCard::UnknownVersion { line }
            | BadCard::NoColon { line }
            | BadCard::BadName { line }
            | BadCard::TooLarge { line } => *line += by,
        }
        self
    }

    /// Where, from 1.
    pub fn line(&self) -> usize {
        let (BadCard::NoBegin { line }
        | BadCard::NoEnd { line }
        | BadCard::AfterEnd { line }
        | BadCard::NoVersion { line }
        | BadCard::UnknownVersion { line }
        | BadCard::NoColon { line }
        | BadCard::BadName { line }
        | BadCard::TooLarge { line }) = self;
        *line
    }
}
