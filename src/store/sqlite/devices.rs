//! Devices that push messages go to.

use super::{
    Sqlite,
    row::{Cells, many, one},
    writer::Tx,
};
use crate::{
    domain::{
        device::{Device, Ended, Place, PushKeys},
        id::{DeviceId, OwnerId},
    },
    store::{Devices, OfDevice, Result},
};
use async_trait::async_trait;
use rusqlite::params;

#[async_trait]
impl Devices for Sqlite {
    async fn devices(&self, owner: OwnerId) -> Result<Vec<Device>> {
        self.read_quickly(move |connection| {
            many::<DeviceId, _>(
                connection,
                "device",
                "-- devices::devices
                 SELECT id, owner, account, place, p256dh, auth, label, created, seen, ended, why FROM device
                 WHERE owner = ?1 ORDER BY id",
                [owner.to_bytes()],
                device,
            )
        })
        .await
    }

    async fn device(&self, id: DeviceId) -> Result<Option<Device>> {
        self.read_quickly(move |connection| {
            one::<DeviceId, _>(
                connection,
                "device",
                "-- devices::device
                 SELECT id, owner, account, place, p256dh, auth, label, created, seen, ended, why FROM device
                 WHERE id = ?1",
                [id.to_bytes()],
                device,
            )
        })
        .await
    }

    async fn device_at(&self, account: &str, place: &str) -> Result<Option<Device>> {
        let (account, place) = (Box::<str>::from(account), Box::<str>::from(place));
        self.read_quickly(move |connection| {
            one::<DeviceId, _>(
                connection,
                "device",
                "-- devices::device_at
                 SELECT id, owner, account, place, p256dh, auth, label, created, seen, ended, why FROM device
                 WHERE place = ?1 AND account = ?2 AND ended IS NULL",
                params![place, account],
                device,
            )
        })
        .await
    }
}

fn device(cells: &Cells<'_>) -> Result<Device> {
    let keys = match (cells.text_or_none(4, "p256dh")?, cells.text_or_none(5, "auth")?) {
        (Some(p256dh), Some(auth)) => Some(PushKeys { p256dh, auth }),
        _ => None,
    };
    let why = cells.text(10, "why")?;
    Ok(Device {
        id: cells.id(0, "id")?,
        owner: cells.id(1, "owner")?,
        account: cells.text(2, "account")?,
        place: Place::stored(cells.text(3, "place")?, keys),
        label: cells.text(6, "label")?,
        created: cells.time(7, "created")?,
        seen: cells.time(8, "seen")?,
        ended: cells.time_or_none(9, "ended")?.map(|at| Ended { at, why }),
    })
}

/// Writes one of them.
pub(super) fn write(tx: &Tx<'_>, said: &OfDevice) -> Result<()> {
    match said {
        OfDevice::Set(device) => {
            let keys = device.place.keys();
            tx.must(
                "-- devices::set
                 INSERT INTO device (id, owner, account, place, p256dh, auth, label, created, seen, ended, why)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
                 ON CONFLICT (id) DO UPDATE SET p256dh = excluded.p256dh, auth = excluded.auth,
                    label = excluded.label, seen = excluded.seen, ended = excluded.ended, why = excluded.why",
                params![
                    device.id.to_bytes(),
                    device.owner.to_bytes(),
                    device.account,
                    device.place.plain(),
                    keys.map(|keys| &keys.p256dh),
                    keys.map(|keys| &keys.auth),
                    device.label,
                    device.created.0,
                    device.seen.0,
                    device.ended.as_ref().map(|ended| ended.at.0),
                    device.ended.as_ref().map_or("", |ended| &ended.why),
                ],
            )
        }
        OfDevice::Ended { id, at, why, known } => {
            tx.run(
                "-- devices::ended
                 UPDATE device SET ended = ?2, why = ?3 WHERE id = ?1 AND ended IS NULL AND seen <= ?4",
                params![id.to_bytes(), at.0, why, known.0],
            )?;
            Ok(())
        }
        OfDevice::Removed(owner, id) => {
            tx.run(
                "-- devices::removed\nDELETE FROM device WHERE id = ?1 AND owner = ?2",
                params![id.to_bytes(), owner.to_bytes()],
            )?;
            Ok(())
        }
    }
}
