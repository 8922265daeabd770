//! What came before, for a while.

use super::{Wanted, Writer};
use crate::store::{Came, Memory, postgres::value::values};

impl<'a> Writer<'a> {
    pub(super) async fn memory_effect(&mut self, memory: &'a Memory) {
        match memory {
            Memory::First(new) => self.came(Wanted::One, new).await,
            Memory::Known(new) => self.came(Wanted::Any, new).await,
            Memory::Forgotten(key) => {
                const SQL: &str = "/* came.forgotten */ DELETE FROM came WHERE key = $1";
                self.send(Wanted::One, SQL, values![&key[..]]).await;
            }
        }
    }

    async fn came(&mut self, wanted: Wanted, new: &'a Came) {
        const SQL: &str = "/* came.add */
            INSERT INTO came (key, at, until, value) VALUES ($1, $2, $3, $4) ON CONFLICT (key) DO UPDATE
            SET at = excluded.at, until = excluded.until, value = excluded.value WHERE came.until <= excluded.at";
        self.send(wanted, SQL, values![&new.key[..], new.at, new.until, &new.value[..]]).await;
    }
}
