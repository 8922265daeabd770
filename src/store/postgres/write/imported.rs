//! Owners out of an import, some thousand in one statement for each table.

use super::{Wanted, Writer};
use crate::{
    domain::{
        address::{Address, Kind},
        imported::Moved,
    },
    store::{
        imported,
        postgres::value::{Stored as _, digest, json, values, word},
    },
};

/// Numbers that anybody has or had, or that come twice: there must be none.
const KNOWN: &str = "/* imported.known */
    SELECT key FROM unnest($1::TEXT[]) AS k (key) GROUP BY key HAVING count(*) > 1
    UNION ALL SELECT key FROM held WHERE key = ANY($1) LIMIT 1";
const OWNERS: &str = "/* imported.owners */
    INSERT INTO owners (id, version, revision, claimed, silenced, language, name, profile, created)
    SELECT id, 1, 0, FALSE, FALSE, $5::TEXT, name, profile, created
    FROM unnest($1::BYTEA[], $2::TEXT[], $3::TEXT[], $4::BIGINT[]) AS m (id, name, profile, created)";
const NAMES: &str = "/* imported.names */ INSERT INTO owner_names (owner, digest, name)
    SELECT * FROM unnest($1::BYTEA[], $2::BYTEA[], $3::TEXT[])";
const POINTS: &str = "/* imported.points */
    INSERT INTO points (owner, id, place, kind, label, removed, values_had, present)
    SELECT id, id, 0, kind, label, NULL, 2, key
    FROM unnest($1::BYTEA[], $2::TEXT[], $3::TEXT[], $4::TEXT[]) AS m (id, kind, label, key)";
const LEFT: &str = "/* imported.left */
    INSERT INTO held (key, owner, point, number, since, until, wire, proof, proof_by, proved, left_at)
    SELECT key, id, id, 1, 0, at, wire, 'imported', source, at, $6::BIGINT
    FROM unnest($1::BYTEA[], $2::TEXT[], $3::TEXT[], $4::BIGINT[], $5::TEXT[]) AS m (id, key, wire, at, source)";
const HELD: &str = "/* imported.held */
    INSERT INTO held (key, owner, point, number, since, until, wire, proof, proof_by, proved, left_at)
    SELECT key, id, id, 2, at, NULL, wire, 'imported', source, at, NULL
    FROM unnest($1::BYTEA[], $2::TEXT[], $3::TEXT[], $4::BIGINT[], $5::TEXT[]) AS m (id, key, wire, at, source)";
const BOOKS: &str = "/* imported.books */ INSERT INTO books (owner, id, name, default_group)
    SELECT id, id, $2::TEXT, NULL FROM unnest($1::BYTEA[]) AS m (id)";
const GROUPS: &str = "/* imported.groups */ INSERT INTO book_groups (owner, id, book, name, told, channels)
    SELECT id, id, id, $2::TEXT, $3::TEXT, $4::TEXT FROM unnest($1::BYTEA[]) AS m (id)";
const GRANTS: &str = "/* imported.grants */ INSERT INTO grants (owner, book_group, place, granted)
    SELECT id, id, 0, granted FROM unnest($1::BYTEA[], $2::BYTEA[]) AS m (id, granted)";
const MEMBERS: &str = "/* imported.members */ INSERT INTO members (owner, book_group, member)
    SELECT id, id, $2::BYTEA FROM unnest($1::BYTEA[]) AS m (id)";
impl<'a> Writer<'a> {
    pub(super) async fn owners_imported(&mut self, all: &'a [Moved]) {
        let Some(one) = all.first() else { return };
        let (owner, book, group) = (one.as_owner(), one.as_book(), one.as_group());
        let ids = || -> Vec<Vec<u8>> { all.iter().map(|moved| moved.owner.stored()).collect() };
        let texts = |text: &dyn Fn(&'a Moved) -> String| -> Vec<String> { all.iter().map(text).collect() };
        let times = || -> Vec<i64> { all.iter().map(|moved| moved.at.0).collect() };
        let created: Vec<i64> = all.iter().map(|moved| moved.created.0).collect();
        let held = |which: fn(&Moved) -> &Address| {
            let (keys, wires) = (texts(&|m| which(m).key().to_owned()), texts(&|m| which(m).wire().to_owned()));
            values![ids(), keys, wires, times(), texts(&|moved| moved.source.to_string())]
        };

        let keys: Vec<String> =
            all.iter().flat_map(|moved| [moved.old.key().to_owned(), moved.new.key().to_owned()]).collect();
        self.send(Wanted::Nothing, KNOWN, values![keys]).await;
        let profiles = texts(&|moved| json(&moved.as_owner().profile));
        let names = texts(&|moved| moved.name.to_string());
        self.send(Wanted::Any, OWNERS, values![ids(), names, profiles, created, owner.language.to_string()]).await;
        let digests: Vec<Vec<u8>> = all.iter().map(|moved| digest(moved.key.as_str())).collect();
        let names = texts(&|moved| moved.key.as_str().to_owned());
        self.send(Wanted::Any, NAMES, values![ids(), digests, names]).await;
        let kinds = texts(&|moved| word(&moved.new.kind()));
        let labels = texts(&|moved| if moved.new.kind() == Kind::Phone { "phone" } else { "email" }.to_owned());
        let present = texts(&|moved| moved.new.key().to_owned());
        self.send(Wanted::Any, POINTS, values![ids(), kinds, labels, present]).await;
        let mut left = held(|moved| &moved.old);
        left.push(self.now.into());
        self.send(Wanted::Any, LEFT, left).await;
        self.former.extend(all.iter().map(|moved| moved.old.key().into()));
        self.send(Wanted::Any, HELD, held(|moved| &moved.new)).await;

        self.send(Wanted::Any, BOOKS, values![ids(), book.name.to_string()]).await;
        let told = values![ids(), group.name.to_string(), json(&group.told), json(&group.channels)];
        self.send(Wanted::Any, GROUPS, told).await;
        let granted = all.iter().flat_map(|moved| {
            moved.grant.grants(moved.point()).into_iter().map(|grant| (moved.owner.stored(), grant.stored()))
        });
        let (owners, granted): (Vec<Vec<u8>>, Vec<Vec<u8>>) = granted.unzip();
        self.send(Wanted::Any, GRANTS, values![owners, granted]).await;
        self.send(Wanted::Any, MEMBERS, values![ids(), one.membership().member]).await;
        self.all_audited(all.iter().map(imported::audit).collect()).await;
    }
}
