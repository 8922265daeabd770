//! Devices that push messages go to.

use super::{Wanted, Writer};
use crate::store::{
    OfDevice,
    postgres::value::{device_place, values},
};

impl<'a> Writer<'a> {
    pub(super) async fn device_effect(&mut self, said: &'a OfDevice) {
        match said {
            OfDevice::Set(device) => {
                const SQL: &str = "/* device.set */
                    INSERT INTO devices (id, owner, account, place, at, p256dh, auth, label, created, seen, ended, why)
                    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
                    ON CONFLICT (id) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth,
                        label = excluded.label, seen = excluded.seen, ended = excluded.ended, why = excluded.why";
                let (place, keys) = (&device.place, device.place.keys());
                let values = values![
                    device.id,
                    device.owner,
                    &*device.account,
                    place.plain(),
                    device_place(&device.account, place.plain()),
                    keys.map(|keys| &*keys.p256dh),
                    keys.map(|keys| &*keys.auth),
                    &*device.label,
                    device.created,
                    device.seen,
                    device.ended.as_ref().map(|ended| ended.at),
                    device.ended.as_ref().map_or("", |ended| &*ended.why),
                ];
                self.send(Wanted::One, SQL, values).await;
            }
            OfDevice::Ended { id, at, why, known } => {
                const SQL: &str = "/* device.end */ UPDATE devices SET ended = $2, why = $3
                    WHERE id = $1 AND ended IS NULL AND seen <= $4";
                self.send(Wanted::Any, SQL, values![*id, *at, &**why, *known]).await;
            }
            OfDevice::Removed(owner, id) => {
                const SQL: &str = "/* device.remove */ DELETE FROM devices WHERE id = $1 AND owner = $2";
                self.send(Wanted::Any, SQL, values![*id, *owner]).await;
            }
        }
    }
}
